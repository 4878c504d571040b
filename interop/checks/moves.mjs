/**
 * Apache Kafka's own tools, of both releases, that move replicas and leaders: kafka-reassign-partitions between the log
 * directories of a broker (throttled, cancelled, killed on the way) and to where the replicas are already,
 * kafka-log-dirs, kafka-leader-election, and what kafka-metadata-quorum and kafka-features say of a broker that is no
 * KRaft node. On a broker of its own with two log directories. And a move that Apache Kafka began, and Sluice ends.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toolCommand } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { startBroker } from '../lib/broker.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'
import { waitUntil } from '../lib/wait.mjs'

const lines = /** @type {const} */ (['3.9', '4.1'])
const recordCount = 20_000
/** Moving the records, some 180 KB, takes far longer than the steps meanwhile. */
const throttle = '2000'
const movesMs = 60_000

/** @param {import('../lib/context.mjs').Context} context */
export async function checkMoves(context) {
  const { report, brokerKind } = context
  if (brokerKind === 'running') return report.skip('moves of replicas', 'it needs two log directories')
  const folder = join(context.folder, 'moves')
  const dirs = ['a', 'b'].map((name) => join(folder, name))
  const overrides = { ...context.overrides, 'log.dirs': dirs.join(','), 'log.segment.bytes': '200000' }
  let broker = await startBroker({ kind: brokerKind, folder: join(folder, 'broker'), overrides })
  const restart = async () => {
    await broker.stop('SIGKILL')
    broker = await startBroker({ kind: brokerKind, folder: broker.folder, port: broker.port, overrides })
  }
  try {
    for (const line of lines) {
      const peer = await apacheKafka(line)
      if ('missing' in peer) report.skip(`tools of ${line}, which move replicas`, peer.missing)
      else
        await checkTools(
          { ...context, folder, bootstrap: `127.0.0.1:${broker.port}` },
          peer.path,
          line,
          restart,
        )
    }
  } finally {
    await broker.stop()
  }
  if (brokerKind === 'sluice') await checkTakeover(context)
}

/**
 * Apache Kafka is killed while a replica moves; Sluice finds the half of it and goes on.
 * @param {import('../lib/context.mjs').Context} context
 */
async function checkTakeover({ report, folder: parent, overrides: common }) {
  const peer = await apacheKafka('3.9')
  if ('missing' in peer) return report.skip('a move that Apache Kafka began', peer.missing)
  const folder = join(parent, 'moves-of-kafka')
  const dirs = ['a', 'b'].map((name) => join(folder, name))
  const overrides = { ...common, 'log.dirs': dirs.join(','), 'log.segment.bytes': '200000' }
  await report.check('a move that Apache Kafka began is brought to its end, with all records', async () => {
    const topic = 'begun'
    let broker = await startBroker({ kind: 'apache-3.9', folder: join(folder, 'kafka'), overrides })
    const server = ['--bootstrap-server', `127.0.0.1:${broker.port}`]
    /** @param {import('../../scripts/peers/apache-kafka.mjs').Tool} tool @param {string[]} args */
    const run = async (tool, args) =>
      (await runProgram(toolCommand(peer.path, tool, [...server, ...args]))).stdout
    const target = () => dirs.find((dir) => !existsSync(join(dir, `${topic}-0`))) ?? ''
    let to = ''
    try {
      await run('kafka-topics', ['--create', '--topic', topic, '--partitions', '1'])
      const produce = ['--topic', topic, '--max-messages', String(recordCount), '--throughput', '-1']
      await run('kafka-verifiable-producer', produce)
      to = target()
      const json = join(folder, 'move.json')
      const partitions = [{ topic, partition: 0, replicas: [1], log_dirs: [to] }]
      writeFileSync(json, JSON.stringify({ version: 1, partitions }))
      const throttled = ['--replica-alter-log-dirs-throttle', throttle]
      await run('kafka-reassign-partitions', ['--execute', '--reassignment-json-file', json, ...throttled])
    } finally {
      await broker.stop('SIGKILL')
    }
    const isHalf = readdirSync(to).some((name) => /^begun-0\.[0-9a-f]{32}-future$/.test(name))
    expect(isHalf, `Apache Kafka left ${readdirSync(to)}`)
    const { port } = broker
    broker = await startBroker({ kind: 'sluice', folder: join(folder, 'sluice'), port, overrides })
    try {
      await waitUntil(() => existsSync(join(to, `${topic}-0`)), 'end of the move', movesMs)
      const said = await run('kafka-get-offsets', ['--topic', topic])
      expect(said.includes(`${topic}:0:${recordCount}`), said)
    } finally {
      await broker.stop()
    }
  })
}

/**
 * @param {import('../lib/context.mjs').Context} context
 * @param {string} home
 * @param {string} line
 * @param {() => Promise<void>} restart kills the broker
 */
async function checkTools({ report, bootstrap, folder, brokerKind }, home, line, restart) {
  const topic = `moved-${line}`
  const server = ['--bootstrap-server', bootstrap]
  /** @param {import('../../scripts/peers/apache-kafka.mjs').Tool} tool @param {string[]} args @param {number[]} okCodes */
  const run = async (tool, args, okCodes = [0]) => {
    const { stdout, stderr } = await runProgram(toolCommand(home, tool, [...server, ...args]), { okCodes })
    return `${stdout}\n${stderr}`
  }
  /**
   * @param {string} what
   * @param {import('../../scripts/peers/apache-kafka.mjs').Tool} tool
   * @param {string[]} args
   * @param {{wanted?: RegExp[], unwanted?: RegExp, okCodes?: number[]}} look
   */
  const step = (what, tool, args, { wanted = [], unwanted, okCodes }) =>
    report.check(`${tool} ${line}: ${what}`, async () => {
      const said = await run(tool, args, okCodes)
      for (const pattern of wanted) expect(pattern.test(said), `no ${pattern} in: ${said.slice(0, 600)}`)
      if (unwanted) expect(!unwanted.test(said), `${unwanted} in: ${said.slice(0, 600)}`)
    })
  /** @param {string} name @param {object} json */
  const file = (name, json) => {
    mkdirSync(folder, { recursive: true })
    const path = join(folder, `${name}-${line}.json`)
    writeFileSync(path, JSON.stringify({ version: 1, ...json }))
    return path
  }
  /** Where kafka-log-dirs finds the replicas of partition 0. */
  const replicas = async () => {
    const said = await run('kafka-log-dirs', ['--describe', '--topic-list', topic])
    const json = JSON.parse(said.split('\n').find((each) => each.startsWith('{')) ?? '{}')
    /** @type {{logDir: string, error: string | null, partitions: {partition: string, isFuture: boolean, offsetLag: number, size: number}[]}[]} */
    const logDirs = json.brokers[0].logDirs
    return logDirs.flatMap(({ logDir, partitions }) =>
      partitions.filter(({ partition }) => partition === `${topic}-0`).map((each) => ({ logDir, ...each })),
    )
  }
  /** @param {string} path */
  const isAt = async (path) => {
    const found = await replicas()
    return found.length === 1 && found[0]?.logDir === path && !found[0].isFuture
  }
  const move = (/** @type {string} */ path) =>
    file('move', { partitions: [{ topic, partition: 0, replicas: [1], log_dirs: [path] }] })
  const reassign = 'kafka-reassign-partitions'

  await step('makes a topic', 'kafka-topics', ['--create', '--topic', topic, '--partitions', '1'], {
    wanted: [/Created topic/],
  })
  const produce = ['--topic', topic, '--max-messages', String(recordCount), '--throughput', '-1']
  await step('fills it', 'kafka-verifiable-producer', produce, { unwanted: /producer_send_error/ })

  /** @type {string} */
  let home0 = ''
  let other = ''
  const found = await report.check(`kafka-log-dirs ${line}: finds the replica`, async () => {
    const [replica, more] = await replicas()
    expect(replica !== undefined && more === undefined, JSON.stringify([replica, more]))
    expect(!replica?.isFuture && replica?.offsetLag === 0, JSON.stringify(replica))
    home0 = replica?.logDir ?? ''
    other = join(folder, home0.endsWith('a') ? 'b' : 'a')
  })
  if (!found) return

  const topics = file('topics', { topics: [{ topic }] })
  const generate = ['--generate', '--topics-to-move-json-file', topics, '--broker-list', '1']
  await step('--generate proposes what there is', reassign, generate, {
    wanted: [
      /Current partition replica assignment/,
      /Proposed partition reassignment configuration\s+\{"version":1,"partitions":\[\{"topic":"moved-[\d.]+","partition":0,"replicas":\[1\],"log_dirs":\["any"\]\}\]\}/,
    ],
  })
  const there = move(other)
  const started = /Successfully started moving log directory to .* for replica moved-[\d.]+-0 with broker 1/
  const execute = ['--execute', '--reassignment-json-file', there]
  await step(
    '--execute starts a move, throttled',
    reassign,
    [...execute, '--replica-alter-log-dirs-throttle', throttle],
    { wanted: [started, /replica-alter-dir throttle limit was set to 2000 B\/s/] },
  )
  await step(
    '--verify says that it is under way',
    reassign,
    ['--verify', '--reassignment-json-file', there, '--preserve-throttles'],
    { wanted: [/Reassignment of replica moved-[\d.]+-0-1 is still in progress/] },
  )
  await report.check(`kafka-log-dirs ${line}: shows the future replica and its lag`, async () => {
    const all = await replicas()
    const future = all.find(({ isFuture }) => isFuture)
    expect(all.length === 2 && future?.logDir === other, JSON.stringify(all))
    expect((future?.offsetLag ?? 0) > 0, JSON.stringify(future))
  })
  await report.check(`a broker that is killed on the way goes on with the move (${line})`, async () => {
    await restart()
    const all = await replicas()
    expect(all.length === 2, JSON.stringify(all))
  })
  await step('--cancel calls the move off', reassign, ['--cancel', '--reassignment-json-file', there], {
    wanted: [/None of the specified partition reassignments are active/, started],
  })
  await report.check(`kafka-log-dirs ${line}: the move is called off`, async () => {
    expect(await isAt(home0), JSON.stringify(await replicas()))
  })
  await step('--execute moves the replica', reassign, execute, {
    wanted: [started],
  })
  await report.check(`kafka-log-dirs ${line}: the replica arrives`, () =>
    waitUntil(() => isAt(other), 'end of the move', movesMs),
  )
  await step('--verify says that it is done', reassign, ['--verify', '--reassignment-json-file', there], {
    wanted: [/Reassignment of replica moved-[\d.]+-0-1 completed successfully/],
  })
  await report.check(`kafka-get-offsets ${line}: all records are there`, async () => {
    const said = await run('kafka-get-offsets', ['--topic', topic])
    expect(said.includes(`${topic}:0:${recordCount}`), said)
  })

  const plain = file('plain', { partitions: [{ topic, partition: 0, replicas: [1] }] })
  await step(
    '--execute to where the replica is',
    reassign,
    ['--execute', '--reassignment-json-file', plain],
    { wanted: [/Successfully started partition reassignment for moved-[\d.]+-0/] },
  )
  await step('--verify', reassign, ['--verify', '--reassignment-json-file', plain], {
    wanted: [/Reassignment of partition moved-[\d.]+-0 is completed/],
  })
  await step('--list', reassign, ['--list'], { wanted: [/No partition reassignments found/] })
  await step('--cancel of nothing', reassign, ['--cancel', '--reassignment-json-file', plain], {
    wanted: [/None of the specified partition reassignments are active/],
  })
  const nowhere = file('nowhere', { partitions: [{ topic, partition: 0, replicas: [2] }] })
  await step(
    'a broker that is not there is refused',
    reassign,
    ['--execute', '--reassignment-json-file', nowhere],
    { wanted: [/Unknown broker id 2/], okCodes: [0, 1] },
  )

  const election = ['--election-type', 'preferred']
  await step('--all-topic-partitions', 'kafka-leader-election', [...election, '--all-topic-partitions'], {
    unwanted: /Exception|Error/,
  })
  await step(
    'a leader in place',
    'kafka-leader-election',
    [...election, '--topic', topic, '--partition', '0'],
    {
      wanted: [/Valid replica already elected for partitions/],
    },
  )
  await step(
    'unclean, of a leader in place',
    'kafka-leader-election',
    ['--election-type', 'unclean', '--topic', topic, '--partition', '0'],
    { wanted: [/Valid replica already elected for partitions/] },
  )
  await step(
    'a partition that is not there',
    'kafka-leader-election',
    [...election, '--topic', topic, '--partition', '9'],
    { wanted: [/Error completing leader election \(PREFERRED\) for partition/], okCodes: [0, 1] },
  )
  if (brokerKind !== 'sluice') return
  await step('there is no quorum', 'kafka-metadata-quorum', ['describe', '--status'], {
    wanted: [/UnsupportedVersionException|does not support DESCRIBE_QUORUM/],
    okCodes: [1],
  })
  await step('describe', 'kafka-features', ['describe'], {
    wanted: [
      /Feature: transaction\.version\s+SupportedMinVersion: 0\s+SupportedMaxVersion: 2\s+FinalizedVersionLevel: 2/,
    ],
  })
  await step(
    'an upgrade that is none is refused',
    'kafka-features',
    ['upgrade', '--feature', 'group.version=1'],
    {
      wanted: [/Could not upgrade group\.version to 1|update failed/i],
      okCodes: [0, 1],
    },
  )
}
