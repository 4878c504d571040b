/** Apache Kafka's own console producer and console consumer, of one release. */
import { toolCommand } from '../../scripts/peers/apache-kafka.mjs'
import { runProgram } from '../lib/processes.mjs'

const readIdleMs = 20_000

/** @param {string[]} properties */
const asArguments = (properties) => properties.flatMap((property) => ['--property', property])

/**
 * @param {string} name
 * @param {{path: string} | {missing: string}} peer
 * @returns {import('./index.mjs').Client}
 */
export function javaConsole(name, peer) {
  if ('missing' in peer) return { name, cannot: {}, missing: peer.missing }
  const home = peer.path
  return {
    name,
    cannot: {},
    // The producer is idempotent by default; a partition can't be chosen, so topics have one where it matters.
    produce: ({ bootstrap, topic, codec, file }) => {
      const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--compression-codec', codec]
      args.push('--request-required-acks', 'all')
      args.push(...asArguments(['parse.headers=true', 'parse.key=true', 'null.marker=NULL']))
      return runProgram(toolCommand(home, 'kafka-console-producer', args), { inputFile: file })
    },
    read: ({ bootstrap, topic, count, onRecord }) => {
      const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--partition', '0']
      args.push('--offset', 'earliest', '--max-messages', String(count), '--timeout-ms', String(readIdleMs))
      const printed = ['timestamp', 'partition', 'offset', 'headers', 'key', 'value']
      args.push(...asArguments([...printed.map((what) => `print.${what}=true`), 'null.literal=NULL']))
      return runProgram(toolCommand(home, 'kafka-console-consumer', args), {
        onLine: (line) => onRecord(fromConsole(line)),
      })
    },
  }
}

/**
 * "CreateTime:1700000000000 TAB Partition:0 TAB Offset:5 TAB headers TAB key TAB value".
 * @param {string} line
 * @returns {import('../lib/records.mjs').SeenRecord}
 */
function fromConsole(line) {
  const first = line.indexOf('\t')
  const second = line.indexOf('\t', first + 1)
  const third = line.indexOf('\t', second + 1)
  const [type = '', timestamp = '-1'] = line.slice(0, first).split(':')
  const rest = line.slice(third + 1)
  return {
    partition: Number(line.slice(first + 'Partition:'.length + 1, second)),
    offset: Number(line.slice(second + 'Offset:'.length + 1, third)),
    timestampType: /** @type {import('../lib/records.mjs').SeenRecord['timestampType']} */ (
      type === 'NO_TIMESTAMP' ? 'NoTimestampType' : type
    ),
    timestampMs: Number(timestamp),
    line: rest.startsWith('NO_HEADERS\t') ? `NULL${rest.slice('NO_HEADERS'.length)}` : rest,
  }
}
