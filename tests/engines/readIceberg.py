"""Prints every row of an Iceberg table at one snapshot, one JSON array a line, each value as it is stored:
dates as days, timestamps as microseconds, decimals and int64 as text, bytes as base64. The first line has the types.
Arguments: endpoint, metadata location, snapshot id, optional `column=number` to filter by."""

import base64
import json
import math
import sys

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue, EqualTo
from pyiceberg.table import StaticTable

endpoint, location, snapshot = sys.argv[1:4]
table = StaticTable.from_metadata(
    location,
    properties={
        "s3.endpoint": endpoint,
        "s3.access-key-id": "headgate",
        "s3.secret-access-key": "headgate",
        "s3.region": "us-east-1",
    },
)
row_filter = AlwaysTrue()
if len(sys.argv) > 4:
    name, number = sys.argv[4].split("=")
    row_filter = EqualTo(name, int(number))
scan = table.scan(snapshot_id=int(snapshot), row_filter=row_filter)
types = [[field.field_id, field.name, str(field.field_type)] for field in scan.projection().fields]
print(json.dumps({"types": types, "files": len(list(scan.plan_files()))}))

arrow = scan.to_arrow()
columns = []
for column in arrow.columns:
    kind = column.type
    if pa.types.is_date32(kind):
        column = column.cast(pa.int32())
    elif pa.types.is_timestamp(kind):
        column = column.cast(pa.int64())
    values = column.to_pylist()
    if pa.types.is_decimal(kind):
        values = [None if value is None else format(value, "f") for value in values]
    elif pa.types.is_timestamp(kind) or pa.types.is_int64(kind):
        values = [None if value is None else str(value) for value in values]
    elif pa.types.is_floating(kind):
        values = [value if value is None or math.isfinite(value) else str(value) for value in values]
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        values = [None if value is None else base64.b64encode(value).decode() for value in values]
    columns.append(values)
for row in zip(*columns):
    print(json.dumps(row))
