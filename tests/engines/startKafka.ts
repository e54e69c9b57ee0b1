import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Admin, Producer } from '@platformatic/kafka';
import { type Certificates, makeCertificates } from '../postgresCertificates.ts';
import { freePort } from './freePort.ts';

const run = promisify(execFile);

/** One broker of its own. */
export interface KafkaBroker extends AsyncDisposable {
  /** Without encryption and sign-in: may do everything. */
  readonly plain: string;
  /** With sign-in: PLAIN and SCRAM. */
  readonly sasl: string;
  /** With TLS and sign-in. */
  readonly tls: string;
  readonly certificates: Certificates;
  readonly admin: Admin;
  readonly producer: Producer<Buffer, Buffer, Buffer, Buffer>;
  producerOf(transactionalId: string): Producer<Buffer, Buffer, Buffer, Buffer>;
}

/** The folder of the broker's jars, or why it cannot be had. Fetches it on first use. */
export async function findKafka(): Promise<
  { readonly jars: string } | { readonly missing: string }
> {
  try {
    const { stdout } = await run('bash', ['.ci/engines/kafka.sh']);
    return { jars: stdout.trim() };
  } catch (error) {
    return {
      missing: (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) || 'unknown',
    };
  }
}

/** Starts a broker that is its own controller (KRaft) and knows the user `reader` by this password. */
export async function startKafka(jars: string, password: string): Promise<KafkaBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-kafka-'));
  const [plain, sasl, tls, controller] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const certificates = makeCertificates(['localhost', '127.0.0.1']);
  const inline = (pem: string): string => pem.replaceAll('\n', '\\n');
  const jaas = 'org.apache.kafka.common.security';
  const signIn = (listener: string): readonly string[] => [
    `listener.name.${listener}.plain.sasl.jaas.config=${jaas}.plain.PlainLoginModule required user_reader="${password}";`,
    ...['256', '512'].map(
      (bits) =>
        `listener.name.${listener}.scram-sha-${bits}.sasl.jaas.config=${jaas}.scram.ScramLoginModule required;`,
    ),
  ];
  const properties = join(folder, 'server.properties');
  writeFileSync(
    properties,
    [
      'process.roles=broker,controller',
      'node.id=1',
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
      'controller.listener.names=CONTROLLER',
      'inter.broker.listener.name=PLAIN',
      `listeners=PLAIN://127.0.0.1:${plain},SASL://127.0.0.1:${sasl},TLS://127.0.0.1:${tls},CONTROLLER://127.0.0.1:${controller}`,
      `advertised.listeners=PLAIN://127.0.0.1:${plain},SASL://127.0.0.1:${sasl},TLS://localhost:${tls}`,
      'listener.security.protocol.map=PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      ...signIn('sasl'),
      ...signIn('tls'),
      'ssl.keystore.type=PEM',
      `ssl.keystore.key=${inline(certificates.server.key)}`,
      `ssl.keystore.certificate.chain=${inline(certificates.server.certificate)}`,
      'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users=User:ANONYMOUS',
      'allow.everyone.if.no.acl.found=true',
      'offsets.topic.replication.factor=1',
      'transaction.state.log.replication.factor=1',
      'transaction.state.log.min.isr=1',
      'auto.create.topics.enable=false',
      'log.cleaner.backoff.ms=500',
      'log.cleaner.min.cleanable.ratio=0.01',
      `log.dirs=${join(folder, 'log')}`,
    ].join('\n'),
  );
  const java = ['-Xmx512m', '-cp', `${jars}/*`];
  const scram = ['256', '512'].flatMap((bits) => [
    '--add-scram',
    `SCRAM-SHA-${bits}=[name=reader,password=${password}]`,
  ]);
  await run('java', [
    ...java,
    'kafka.tools.StorageTool',
    'format',
    '-t',
    'MkU3OEVBNTcwNTJENDM2Qg',
    '-c',
    properties,
    ...scram,
  ]);
  const broker = spawn('java', [...java, 'kafka.Kafka', properties], { stdio: 'ignore' });
  const deadline = Date.now() + 120_000;
  while (!(await listens(tls))) {
    if (broker.exitCode !== null) throw new Error(`the broker ended with ${broker.exitCode}`);
    if (Date.now() > deadline) throw new Error('the broker did not start within two minutes');
    await sleep(200);
  }
  const bootstrapBrokers = [`127.0.0.1:${plain}`];
  const options = { clientId: 'test', bootstrapBrokers, retries: 20, retryDelay: 250 };
  // A topic may be told of before all its partitions take writes. The retry sends what some of them took once more;
  // only an idempotent producer's is written once.
  const producing = { ...options, idempotent: true };
  const admin = new Admin(options);
  const producers: Producer<Buffer, Buffer, Buffer, Buffer>[] = [];
  const makeProducer = (more: object = {}): Producer<Buffer, Buffer, Buffer, Buffer> => {
    const made = new Producer<Buffer, Buffer, Buffer, Buffer>({ ...producing, ...more });
    producers.push(made);
    return made;
  };
  return {
    plain: `127.0.0.1:${plain}`,
    sasl: `127.0.0.1:${sasl}`,
    tls: `localhost:${tls}`,
    certificates,
    admin,
    producer: makeProducer(),
    producerOf: (transactionalId) => makeProducer({ transactionalId }),
    async [Symbol.asyncDispose]() {
      await admin.close().catch(() => {});
      for (const producer of producers) await producer.close().catch(() => {});
      broker.kill('SIGKILL');
      await once(broker, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
