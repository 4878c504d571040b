/** What the group members in JavaScript share: arguments, output lines, and the end by SIGTERM. */

const [brokers = '', topic = '', group = '', name = '', ...pairs] = process.argv.slice(2)
/** @type {Record<string, string>} */
const options = Object.fromEntries(pairs.map((pair) => pair.split('=')))

export const job = { brokers, topic, group, name, options }
export const sessionTimeoutMs = Number(options.session ?? 10_000)
export const heartbeatIntervalMs = Number(options.heartbeat ?? 3000)
/** How long the others wait for a member that doesn't join again. */
export const rebalanceTimeoutMs = 20_000

/** One line of output, see group-clients.mjs. @param {...(string | number)} words */
export function say(...words) {
  const atMs = performance.timeOrigin + performance.now()
  process.stdout.write(`${atMs.toFixed(3)} ${words.join(' ')}\n`)
}

/** @param {Iterable<number>} partitions */
export const numbers = (partitions) => [...partitions].sort((a, b) => a - b).join(',') || '-'

/** @param {unknown} error */
export const nameOf = (error) =>
  String(
    /** @type {{type?: string, code?: string}} */ (error)?.type ??
      (error instanceof Error ? error.message : error),
  ).replaceAll('\n', ' ')

/** Runs `leave` at SIGTERM and ends. @param {() => Promise<unknown>} leave */
export function onTerm(leave) {
  process.once('SIGTERM', async () => {
    try {
      await leave()
      say('closed')
      process.exit(0)
    } catch (error) {
      say('error', nameOf(error))
      process.exit(1)
    }
  })
}
