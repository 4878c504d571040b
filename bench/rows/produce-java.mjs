/** Producing with Apache Kafka's own client, by its producer-perf-test. */
import { runProgram } from '../../interop/lib/processes.mjs'
import { javaCommand } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'

const recordBytes = 1024
/** Enough for its JVM to become fast. */
const recordCount = 1_500_000
const timeoutMs = 300_000

/** @type {import('./row.mjs').Row[]} */
export const produceJavaRows = [
  {
    name: 'produce-java-1024',
    title: `produce, Java's producer-perf-test, ${recordCount.toLocaleString('en')} records of 1 KiB, its defaults (idempotent, acks=-1)`,
    measure: ({ contender }) =>
      contender.withTopic(1, async (topic) => {
        const peer = await apacheKafka('4.1')
        if ('missing' in peer) throw new Error(peer.missing)
        const properties = ['--producer-props', `bootstrap.servers=127.0.0.1:${contender.port}`]
        const size = ['--num-records', String(recordCount), '--record-size', String(recordBytes)]
        const [java, args] = javaCommand(peer.path, 'org.apache.kafka.tools.ProducerPerformance', [
          ...['--topic', topic, '--throughput', '-1', ...size],
          ...properties,
        ])
        // Compiled in full, unlike other tools here, which last two seconds.
        const whole = args.filter((arg) => !arg.startsWith('-XX:Tiered'))
        const { result, brokerCpuSeconds } = await contender.measured(() =>
          runProgram([java, whole], { timeoutMs }),
        )
        const rate = Number(/([\d.]+) records\/sec.*99\.9th/.exec(result.stdout)?.[1])
        return {
          mbPerSecond: (rate * recordBytes) / 1e6,
          recordsPerSecond: rate,
          brokerCpuPerGb: brokerCpuSeconds / ((recordCount * recordBytes) / 1e9),
        }
      }),
  },
]
