#!/usr/bin/env bash
# Fetches an Apache Kafka broker from Maven Central and prints the folder of its jars. Idempotent.
# Exits with 3, and says why on stderr, where Java 17, Maven or the repository is missing.
set -uo pipefail
version=4.1.1
folder="$(cd "$(dirname "$0")/../.." && pwd)/.headgate-engines/kafka-$version"
if [ ! -f "$folder/complete" ]; then
  command -v java >/dev/null || { echo 'no java' >&2; exit 3; }
  command -v mvn >/dev/null || { echo 'no maven' >&2; exit 3; }
  mkdir -p "$folder"
  # Two test files may ask at the same time.
  exec 9>"$folder/lock"
  flock 9 2>/dev/null || true
  if [ ! -f "$folder/complete" ]; then
    cat >"$folder/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>headgate</groupId><artifactId>engines</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version>
    </dependency>
  </dependencies>
</project>
XML
    mvn -q -f "$folder/pom.xml" dependency:copy-dependencies \
      -DoutputDirectory="$folder/lib" -DincludeScope=runtime >&2 ||
      { echo 'the Maven repository did not answer' >&2; exit 3; }
    touch "$folder/complete"
  fi
fi
echo "$folder/lib"
