/** The console clients, the performance tests, the verifiable clients and kafka-dump-log: what they read, write and print. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Producer } from '../../dist/client/index.js'
import { waitUntil } from '../lib/wait.mjs'

const topic = 'console'
const written = '2 hello, 2 keyed'
/** @param {string[]} words */
const properties = (...words) => words.flatMap((word) => ['--property', word])
/** @param {number} count */
const processed = (count) => `Processed a total of ${count} messages`
const number = String.raw`(?:\d+\.\d+|NaN|Infinity)`
const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}`

/** @param {import('./tools.mjs').Place} place @param {string} name @param {string[]} values */
async function write({ admin, bootstrap }, name, values) {
  await admin.createTopics([{ name, partitions: 1 }])
  const producer = new Producer({ bootstrapServers: bootstrap })
  await producer.send(values.map((value, i) => ({ topic: name, key: `k${i}`, value, timestamp: 1000 + i })))
  await producer.close()
}

/** @param {import('./tools.mjs').Place} place @param {string} partition */
const segment = ({ logDirs }, partition) =>
  join(logDirs.find((dir) => existsSync(join(dir, partition))) ?? '', partition, `${'0'.repeat(20)}.log`)

/**
 * Kafka's producer may still be sending when its tool has ended, for tools of one release share a JVM.
 * @param {number} count @returns {(place: import('./tools.mjs').Place) => Promise<void>}
 */
const arrived =
  (count) =>
  async ({ admin }) => {
    const end = async () => (await admin.listOffsets([{ topic, partition: 0, at: 'latest' }]))[0]?.offset
    await waitUntil(async () => (await end()) === count, `${count} records`)
  }

/** @type {readonly import('./tools.mjs').Operation[]} */
export const consoleOperations = [
  {
    name: 'console-producer',
    tool: 'kafka-console-producer',
    arrange: ({ admin }) => admin.createTopics([{ name: topic, partitions: 1 }]),
    args: ['--topic', topic, '--timeout', '0'],
    input: 'hello kafka\nchaoge niubi\n',
  },
  {
    name: 'console-producer with keys and headers, compressed',
    tool: 'kafka-console-producer',
    arrange: arrived(2),
    args: [
      '--topic',
      topic,
      ...['--timeout', '0', '--compression-codec', 'gzip', '--request-required-acks', 'all'],
      ...properties('parse.key=true', 'parse.headers=true', 'null.marker=NULL'),
    ],
    input: 'a:1,b:2,a:NULL\tk\tv\nNULL\tNULL\tNULL\n',
  },
  {
    name: 'console-producer --broker-list',
    tool: 'kafka-console-producer',
    bare: true,
    skip: ({ tool }) => tool === 'java-4.1' && 'is gone in Kafka 4',
    arrange: ({ admin }) => admin.createTopics([{ name: 'old', partitions: 1 }]),
    args: ({ bootstrap }) => ['--broker-list', bootstrap, '--topic', 'old', '--timeout', '0'],
    input: 'test1\n',
  },
  {
    name: 'console-producer without a separator',
    tool: 'kafka-console-producer',
    args: ['--topic', topic, ...properties('parse.key=true')],
    input: 'bad\n',
    fails: "No key separator found on line number 1: 'bad'",
  },
  {
    name: 'console-producer without a topic',
    tool: 'kafka-console-producer',
    args: [],
    fails: 'Missing required argument "[topic]"',
  },
  {
    name: `console-consumer --from-beginning: ${written}`,
    tool: 'kafka-console-consumer',
    arrange: arrived(4),
    args: ['--topic', topic, '--from-beginning', '--max-messages', '4'],
    lines: ['hello kafka', 'chaoge niubi', 'v', 'null'],
    notes: [processed(4)],
  },
  {
    name: 'console-consumer with all that it can show',
    tool: 'kafka-console-consumer',
    args: [
      '--topic',
      topic,
      ...['--partition', '0', '--offset', '2', '--max-messages', '2', '--timeout-ms', '10000'],
      ...['timestamp', 'partition', 'offset', 'headers', 'key'].flatMap((name) =>
        properties(`print.${name}=true`),
      ),
    ],
    lines: [
      /^CreateTime:\d{13}\tPartition:0\tOffset:2\ta:1,b:2,a:null\tk\tv$/,
      /^CreateTime:\d{13}\tPartition:0\tOffset:3\tNO_HEADERS\tnull\tnull$/,
    ],
    notes: [processed(2)],
  },
  {
    name: 'console-consumer --include, with separators',
    tool: 'kafka-console-consumer',
    args: [
      ...['--include', 'conso.e', '--from-beginning', '--max-messages', '3'],
      ...properties('print.key=true', 'key.separator=|', 'null.literal=NIL', 'line.separator=;\n'),
    ],
    lines: ['NIL|hello kafka;', 'NIL|chaoge niubi;', 'k|v;'],
    notes: [processed(3)],
  },
  {
    name: 'console-consumer of a group, which goes on where it was',
    tool: 'kafka-console-consumer',
    arrange: ({ admin }) =>
      admin.alterGroupOffsets('committed', [{ topic, partition: 0, offset: 1, metadata: 'm' }]),
    args: ['--topic', topic, '--group', 'committed', '--max-messages', '1'],
    lines: ['chaoge niubi'],
    notes: [processed(1)],
  },
  {
    name: 'console-consumer --timeout-ms',
    tool: 'kafka-console-consumer',
    args: ['--topic', topic, '--timeout-ms', '1500'],
    notes: [
      'ERROR Error processing message, terminating consumer process: org.apache.kafka.common.errors.TimeoutException',
      processed(0),
    ],
  },
  {
    name: 'console-consumer of __consumer_offsets',
    tool: 'kafka-console-consumer',
    args: [
      ...['--topic', '__consumer_offsets', '--from-beginning', '--timeout-ms', '4000'],
      ...['--formatter', 'org.apache.kafka.tools.consumer.OffsetsMessageFormatter'],
    ],
    // Kafka's formatter ends no lines; its older ones call the type a version.
    lines: ({ tool }) => {
      const offset = (/** @type {string} */ fields) =>
        String.raw`\{"key":\{"(?:type|version)":1,"data":\{"group":"committed","topic":"${topic}","partition":0\}\},"value":\{"version":\d,"data":\{${fields},"commitTimestamp":\d{13}\}\}\}`
      const all = [
        offset('"offset":1,"leaderEpoch":-1,"metadata":"m"'),
        offset('"offset":2,"leaderEpoch":(?:-1|0),"metadata":""'),
      ]
      return tool === 'ours' ? all.map((each) => new RegExp(`^${each}$`)) : [new RegExp(`^${all.join('')}$`)]
    },
    notes: [/TimeoutException$/, /^Processed a total of \d+ messages$/],
  },
  {
    name: 'console-consumer without a topic',
    tool: 'kafka-console-consumer',
    args: ['--from-beginning'],
    fails: 'Exactly one of --include/--topic is required.',
  },
  {
    name: 'console-consumer --offset without a partition',
    tool: 'kafka-console-consumer',
    args: ['--topic', topic, '--offset', '1'],
    fails: 'The partition is required when offset is specified.',
  },
  {
    name: 'producer-perf-test',
    tool: 'kafka-producer-perf-test',
    bare: true,
    arrange: ({ admin }) => admin.createTopics([{ name: 'perf', partitions: 2 }]),
    args: ({ bootstrap }) => [
      ...['--topic', 'perf', '--num-records', '2000', '--record-size', '512', '--throughput', '-1'],
      ...['--producer-props', `bootstrap.servers=${bootstrap}`, 'acks=all', 'linger.ms=5'],
    ],
    lines: [
      new RegExp(
        `^2000 records sent, ${number} records/sec \\(${number} MB/sec\\), ${number} ms avg latency, ${number} ms max latency, \\d+ ms 50th, \\d+ ms 95th, \\d+ ms 99th, \\d+ ms 99.9th\\.$`,
      ),
    ],
  },
  {
    name: 'consumer-perf-test',
    tool: 'kafka-consumer-perf-test',
    args: ['--topic', 'perf', '--messages', '2000'],
    lines: [
      'start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec',
      new RegExp(
        `^${time}, ${time}, 0\\.9766, ${number}, 2000, ${number}, \\d+, -?\\d+, -?${number}, -?${number}$`,
      ),
    ],
  },
  {
    name: 'verifiable-producer',
    tool: 'kafka-verifiable-producer',
    skip: ({ tool }) => tool !== 'ours' && 'Java’s tells the rest when its JVM ends',
    arrange: ({ admin }) => admin.createTopics([{ name: 'numbers', partitions: 1 }]),
    args: ['--topic', 'numbers', '--max-messages', '2', '--value-prefix', '7'],
    lines: [
      /^\{"timestamp":\d{13},"name":"startup_complete"\}$/,
      ...[0, 1].map(
        (i) =>
          new RegExp(
            `^\\{"timestamp":\\d{13},"name":"producer_send_success","key":null,"value":"7\\.${i}","offset":${i},"topic":"numbers","partition":0\\}$`,
          ),
      ),
      /^\{"timestamp":\d{13},"name":"shutdown_complete"\}$/,
      /^\{"timestamp":\d{13},"name":"tool_data","sent":2,"acked":2,"target_throughput":-1,"avg_throughput":\d+\.\d+\}$/,
    ],
  },
  {
    name: 'verifiable-consumer',
    tool: 'kafka-verifiable-consumer',
    arrange: (place) => write(place, 'verified', ['a', 'b']),
    args: ['--topic', 'verified', '--group-id', 'verifiers', '--max-messages', '2', '--verbose'],
    lines: [
      '"name":"startup_complete"',
      '"name":"partitions_assigned","partitions":[{"topic":"verified","partition":0}]',
      '"name":"record_data","key":"k0","value":"a","topic":"verified","partition":0,"offset":0',
      '"name":"record_data","key":"k1","value":"b","topic":"verified","partition":0,"offset":1',
      '"name":"records_consumed","count":2,"partitions":[{"topic":"verified","partition":0,"count":2,"minOffset":0,"maxOffset":1}]',
      '"name":"offsets_committed","offsets":[{"topic":"verified","partition":0,"offset":2}],"success":true',
      '"name":"partitions_revoked","partitions":[{"topic":"verified","partition":0}]',
      '"name":"shutdown_complete"',
    ].map((fields) => new RegExp(`^\\{"timestamp":\\d{13},${fields.replaceAll(/[[\]{}]/g, '\\$&')}\\}$`)),
  },
  {
    name: 'dump-log --print-data-log',
    tool: 'kafka-dump-log',
    bare: true,
    arrange: (place) => write(place, 'dumped', ['one', 'two']),
    args: (place) => ['--print-data-log', '--files', segment(place, 'dumped-0')],
    lines: (place) => [
      `Dumping ${segment(place, 'dumped-0')}`,
      'Log starting offset: 0',
      /^baseOffset: 0 lastOffset: 1 count: 2 baseSequence: 0 lastSequence: 1 producerId: \d+ producerEpoch: 0 partitionLeaderEpoch: 0 isTransactional: false isControl: false deleteHorizonMs: OptionalLong\.empty position: 0 CreateTime: 1001 size: 85 magic: 2 compresscodec: none crc: \d+ isvalid: true$/,
      '| offset: 0 CreateTime: 1000 keySize: 2 valueSize: 3 sequence: 0 headerKeys: [] key: k0 payload: one',
      '| offset: 1 CreateTime: 1001 keySize: 2 valueSize: 3 sequence: 1 headerKeys: [] key: k1 payload: two',
    ],
  },
  {
    name: 'dump-log of what is not there',
    tool: 'kafka-dump-log',
    bare: true,
    args: ['--files', '/nowhere/00000000000000000000.log'],
    lines: ['Dumping /nowhere/00000000000000000000.log', 'Log starting offset: 0'],
    fails: '/nowhere/00000000000000000000.log',
  },
]
