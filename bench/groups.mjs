/**
 * `npm run bench:groups`: many consumer groups of one member each on one broker, each committing once a second and
 * sending a heartbeat every three.
 *
 *   node bench/groups.mjs [--groups 10000] [--seconds 60] [--connections 1000] [--broker sluice|apache-3.9|apache-4.1]...
 *
 * With several --broker they run one after the other and are printed side by side. The load is open-loop: a latency
 * counts from when the commit was due. Requests are encoded once, and of an answer only the error code is read, so that
 * the generator, whose processor time is printed apart, takes little from the broker. A commit whose predecessor is not
 * yet answered is left out and counted. Apache Kafka serves a connection one request at a time and waits for each commit's
 * batch, so that too few connections would measure their queues. Needs `npm run build`; ends with 1 if anything was refused.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBroker } from '../interop/lib/broker.mjs'
import { Connection, requestFrame } from './lib/connection.mjs'
import { percentile } from './lib/open-loop.mjs'
import { processorSeconds, residentMiB } from './lib/process-usage.mjs'

const { values: args } = parseArgs({
  options: {
    groups: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '60' },
    connections: { type: 'string', default: '1000' },
    broker: { type: 'string', multiple: true, default: ['sluice'] },
  },
})
const groupCount = Number(args.groups)
const seconds = Number(args.seconds)
const connectionCount = Number(args.connections)

const TOPIC = 'bench'
const COMMIT_EVERY_MS = 1000
const HEARTBEAT_EVERY_MS = 3000
const SESSION_TIMEOUT_MS = 30_000
const WARM_UP_MS = 5000
const TICK_MS = 5
const [CREATE_TOPICS, OFFSET_COMMIT, FIND_COORDINATOR, JOIN_GROUP, HEARTBEAT, SYNC_GROUP] = [
  19, 8, 10, 11, 12, 14,
]
/** The last versions before tagged fields: the error code is at the answer's end. */
const COMMIT_VERSION = 7
const HEARTBEAT_VERSION = 3
/** Group coordinators load and topics are created while the first requests come. */
const RETRIABLE = new Set([14, 15, 16])

/** Apache Kafka's defaults, which the peers of other runs have shorter: under this load it would be fenced. */
const apacheOverrides = { 'broker.session.timeout.ms': '9000', 'broker.heartbeat.interval.ms': '2000' }
const overrides = {
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '50',
  'offsets.topic.replication.factor': '1',
  // The connections all come at once.
  'socket.listen.backlog.size': '4096',
}

/**
 * @typedef {object} Group one member's requests, ready to be sent
 * @property {Connection} connection
 * @property {Buffer} commit
 * @property {number} offsetAt where in the commit its offset is
 * @property {Buffer} heartbeat
 * @property {boolean} isCommitting
 */

/**
 * @typedef {object} Result
 * @property {number[]} latenciesMs sorted
 * @property {Map<string, number>} errors how often, by API and code
 * @property {number} late commits left out
 * @property {number} heartbeats
 * @property {number} cpuBroker in cores
 * @property {number} cpuGenerator
 * @property {number} rssIdle MiB
 * @property {number} rss
 * @property {number} rssMax
 * @property {number} joinSeconds
 */

/** @param {Connection} connection @param {number} index @returns {Promise<Group>} */
async function joined(connection, index) {
  const groupId = `group-${index}`
  const joinRequest = {
    groupId,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    rebalanceTimeoutMs: SESSION_TIMEOUT_MS,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.alloc(20) }],
  }
  /** @type {{errorCode: number, generationId: number, memberId: string}} */
  let join
  for (;;) {
    join = await connection.call(JOIN_GROUP, 3, joinRequest)
    if (join.errorCode === 0) break
    if (!RETRIABLE.has(join.errorCode)) throw new Error(`${groupId}: JoinGroup answers ${join.errorCode}`)
    await sleep(100)
  }
  const { generationId, memberId } = join
  const assignments = [{ memberId, assignment: Buffer.alloc(20) }]
  const sync = await connection.call(SYNC_GROUP, 2, { groupId, generationId, memberId, assignments })
  if (sync.errorCode !== 0) throw new Error(`${groupId}: SyncGroup answers ${sync.errorCode}`)
  const marker = 0x0123456789abcdn
  const commit = requestFrame(OFFSET_COMMIT, COMMIT_VERSION, {
    groupId,
    generationIdOrMemberEpoch: generationId,
    memberId,
    topics: [
      {
        name: TOPIC,
        partitions: [{ partitionIndex: 0, committedOffset: Number(marker), committedMetadata: '' }],
      },
    ],
  })
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(marker)
  return {
    connection,
    commit,
    offsetAt: commit.indexOf(bytes),
    heartbeat: requestFrame(HEARTBEAT, HEARTBEAT_VERSION, { groupId, generationId, memberId }),
    isCommitting: false,
  }
}

/** @param {number} port */
async function openConnections(port) {
  const connections = await Promise.all(Array.from({ length: connectionCount }, () => Connection.open(port)))
  const [first] = connections
  if (!first) throw new Error('--connections must be 1 or more')
  await first.call(CREATE_TOPICS, 4, {
    topics: [{ name: TOPIC, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 30_000,
    validateOnly: false,
  })
  // The first one to ask has __consumer_offsets created.
  for (let isFound = false; !isFound; await sleep(100)) {
    const answer = await first.call(FIND_COORDINATOR, 2, { key: 'group-0', keyType: 0 })
    isFound = answer.errorCode === 0
  }
  return connections
}

/**
 * Sends what is due until the time is over.
 * @param {Group[]} groups
 * @param {{durationMs: number, result: Pick<Result, 'latenciesMs' | 'errors' | 'late' | 'heartbeats'>}} run
 */
async function load(groups, { durationMs, result }) {
  /** @param {string} api @param {Buffer} answer */
  const countError = (api, answer) => {
    const code = answer.readInt16BE(answer.length - 2)
    if (code !== 0) result.errors.set(`${api} ${code}`, (result.errors.get(`${api} ${code}`) ?? 0) + 1)
  }
  let waiting = 0
  const onHeartbeat = (/** @type {Buffer} */ answer) => {
    waiting--
    countError('Heartbeat', answer)
  }
  const startedAtMs = performance.now()
  const commitsPerMs = groups.length / COMMIT_EVERY_MS
  const heartbeatsPerMs = groups.length / HEARTBEAT_EVERY_MS
  let commits = 0
  let heartbeats = 0
  for (let nowMs = 0; nowMs < durationMs; nowMs = performance.now() - startedAtMs) {
    for (const due = Math.floor(nowMs * commitsPerMs); commits < due; commits++) {
      const group = groups[commits % groups.length]
      if (!group) continue
      if (group.isCommitting) {
        result.late++
        continue
      }
      const dueAtMs = startedAtMs + commits / commitsPerMs
      group.isCommitting = true
      group.commit.writeUInt32BE(0, group.offsetAt)
      group.commit.writeUInt32BE(Math.floor(commits / groups.length), group.offsetAt + 4)
      waiting++
      group.connection.send(group.commit, (answer) => {
        waiting--
        group.isCommitting = false
        result.latenciesMs.push(performance.now() - dueAtMs)
        countError('OffsetCommit', answer)
      })
    }
    for (const due = Math.floor(nowMs * heartbeatsPerMs); heartbeats < due; heartbeats++) {
      const group = groups[heartbeats % groups.length]
      waiting++
      group?.connection.send(group.heartbeat, onHeartbeat)
    }
    await sleep(TICK_MS)
  }
  result.heartbeats = heartbeats
  while (waiting > 0) await sleep(TICK_MS)
}

/** @param {string} kind @returns {Promise<Result>} */
async function measure(kind) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-groups-'))
  const broker = await startBroker({
    kind: /** @type {import('../interop/lib/broker.mjs').BrokerKind} */ (kind),
    folder,
    overrides: kind === 'sluice' ? overrides : { ...overrides, ...apacheOverrides },
  })
  try {
    const connections = await openConnections(broker.port)
    const rssIdle = residentMiB(broker.pid, 'VmRSS')
    const joinStartedAtMs = performance.now()
    /** @type {Group[]} */
    const groups = Array.from({ length: groupCount })
    await Promise.all(
      connections.map(async (connection, lane) => {
        for (let index = lane; index < groupCount; index += connectionCount) {
          groups[index] = await joined(connection, index)
        }
      }),
    )
    const joinSeconds = (performance.now() - joinStartedAtMs) / 1000
    const unmeasured = { latenciesMs: [], errors: new Map(), late: 0, heartbeats: 0 }
    await load(groups, { durationMs: WARM_UP_MS, result: unmeasured })
    /** @type {Pick<Result, 'latenciesMs' | 'errors' | 'late' | 'heartbeats'>} */
    const result = { latenciesMs: [], errors: unmeasured.errors, late: 0, heartbeats: 0 }
    const brokerBefore = processorSeconds(broker.pid).total
    const generatorBefore = process.cpuUsage()
    const startedAtMs = performance.now()
    await load(groups, { durationMs: seconds * 1000, result })
    const elapsed = (performance.now() - startedAtMs) / 1000
    const generator = process.cpuUsage(generatorBefore)
    const done = {
      ...result,
      latenciesMs: result.latenciesMs.sort((a, b) => a - b),
      cpuBroker: (processorSeconds(broker.pid).total - brokerBefore) / elapsed,
      cpuGenerator: (generator.user + generator.system) / 1e6 / elapsed,
      rssIdle,
      rss: residentMiB(broker.pid, 'VmRSS'),
      rssMax: residentMiB(broker.pid, 'VmHWM'),
      joinSeconds,
    }
    for (const connection of connections) connection.close()
    return done
  } finally {
    await broker.stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {Result} result */
function rows(result) {
  const { latenciesMs, errors } = result
  const ms = (/** @type {number} */ quantile) => percentile(latenciesMs, quantile).toFixed(1)
  return {
    'commits a second': (latenciesMs.length / seconds).toFixed(0),
    'heartbeats a second': (result.heartbeats / seconds).toFixed(0),
    'commit p50 ms': ms(0.5),
    'commit p99 ms': ms(0.99),
    'commit p99.9 ms': ms(0.999),
    'commit longest ms': ms(1),
    'commits left out': String(result.late),
    'broker CPU, cores': result.cpuBroker.toFixed(2),
    'generator CPU, cores': result.cpuGenerator.toFixed(2),
    'broker MiB before the groups': String(result.rssIdle),
    'broker MiB': String(result.rss),
    'broker MiB at most': String(result.rssMax),
    'seconds for all to join': result.joinSeconds.toFixed(1),
    errors: errors.size === 0 ? '0' : [...errors].map(([what, count]) => `${count} of ${what}`).join(', '),
  }
}

console.log(
  `${groupCount} groups of one member, each with a commit a second and a heartbeat every 3 s, ` +
    `${connectionCount} connections, ${seconds} s, node ${process.version}`,
)
/** @type {ReturnType<typeof rows>[]} */
const columns = []
let failed = false
for (const kind of args.broker) {
  const result = await measure(kind)
  failed ||= result.errors.size > 0
  columns.push(rows(result))
}
console.log(`${''.padEnd(30)}${args.broker.map((kind) => kind.padStart(14)).join('')}`)
for (const name of /** @type {(keyof ReturnType<typeof rows>)[]} */ (Object.keys(columns[0] ?? {}))) {
  console.log(`${name.padEnd(30)}${columns.map((column) => column[name].padStart(14)).join('')}`)
}
process.exitCode = failed ? 1 : 0
