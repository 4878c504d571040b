/**
 * Captures golden bytes: runs real clients against real Apache Kafka through the recording proxy and writes one
 * JSON file per API to test/fixtures/golden/NN-name.json, each an array of
 * {apiKey, apiVersion, client, requestHex, responseHex} (frames without their 4-byte size).
 *
 * Of each (API, version, client) the largest exchange under 4 KB a frame is kept: larger ones fill more fields.
 * A frame is one message in one version, so larger frames of a version that has none smaller are left out.
 *
 *   node scripts/peers/capture-golden.mjs     (about four minutes; needs Java, kcat, python3-kafka and kafkajs)
 *
 * The fixtures are committed; run this again only to add a client or an API.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startApacheKafka, toolCommand } from './apache-kafka.mjs'
import { captureClients, toolScenario } from './capture-scenarios.mjs'
import { apacheKafka, nodeVersion } from './peers.mjs'
import { freePort } from './probe.mjs'
import { startRecordProxy } from './record-proxy.mjs'

const frameBytesMax = 4096
const stepTimeoutMs = 20_000
const goldenFolder = fileURLToPath(new URL('../../test/fixtures/golden/', import.meta.url))

/** @type {Map<string, import('./record-proxy.mjs').Exchange>} */
const kept = new Map()

/** @param {import('./record-proxy.mjs').Exchange} exchange */
function keep(exchange) {
  const size = exchange.request.length + exchange.response.length
  if (exchange.request.length > frameBytesMax || exchange.response.length > frameBytesMax) return
  const key = `${exchange.apiKey} ${exchange.apiVersion} ${exchange.client}`
  const before = kept.get(key)
  if (!before || before.request.length + before.response.length < size) kept.set(key, exchange)
}

/**
 * Runs one command to its end; its failure is printed and does not stop the capture (some steps fail on purpose).
 * @param {[string, string[]]} command
 * @param {string} input
 */
async function step([command, args], input = '') {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: stepTimeoutMs,
    killSignal: 'SIGKILL',
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise((resolve) => child.once('close', resolve))
  const shown = args.slice(args.findIndex((arg) => arg.includes('/libs/')) + 1).join(' ')
  console.log(
    `${new Date().toISOString().slice(14, 19)} ${code === 0 ? 'ok  ' : 'FAIL'} ${shown.slice(0, 150)}`,
  )
  if (code !== 0) console.log(output.split('\n').slice(0, 4).join('\n'))
}

/** @param {'3.9' | '4.1'} line */
async function capture(line) {
  const peer = await apacheKafka(line)
  if ('missing' in peer) throw new Error(peer.missing)
  const folder = mkdtempSync(join(tmpdir(), 'sluice-golden-'))
  const [port, backendPort, controllerPort] = [await freePort(), await freePort(), await freePort()]
  const broker = await startApacheKafka({
    home: peer.path,
    folder,
    port: backendPort,
    controllerPort,
    advertisedPort: port,
  })
  const proxy = await startRecordProxy({ port, backendPort, onExchange: keep })
  const bootstrap = `127.0.0.1:${port}`
  try {
    proxy.client = `java-${line}`
    for (const [tool, args, input] of toolScenario(bootstrap, folder)) {
      await step(toolCommand(peer.path, tool, args), input)
    }
    // Clients of other languages speak the old versions that 4.x no longer answers.
    if (line === '3.9') {
      const node24 = await nodeVersion(24)
      const newNode = 'path' in node24 ? node24.path : undefined
      for (const [client, command, args, input] of captureClients(bootstrap, newNode)) {
        proxy.client = client
        await step([command, args], input)
      }
    }
  } finally {
    await proxy.close()
    await broker.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** "DescribeTopicPartitions" -> "describe-topic-partitions".
 * @param {string} name */
const kebab = (name) => name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase()

const apiNames = new Map(
  `0 Produce,1 Fetch,2 ListOffsets,3 Metadata,8 OffsetCommit,9 OffsetFetch,10 FindCoordinator,11 JoinGroup,
  12 Heartbeat,13 LeaveGroup,14 SyncGroup,15 DescribeGroups,16 ListGroups,18 ApiVersions,19 CreateTopics,
  20 DeleteTopics,21 DeleteRecords,22 InitProducerId,23 OffsetForLeaderEpoch,24 AddPartitionsToTxn,
  25 AddOffsetsToTxn,26 EndTxn,27 WriteTxnMarkers,28 TxnOffsetCommit,32 DescribeConfigs,33 AlterConfigs,35 DescribeLogDirs,37 CreatePartitions,
  42 DeleteGroups,44 IncrementalAlterConfigs,46 ListPartitionReassignments,47 OffsetDelete,60 DescribeCluster,61 DescribeProducers,
  65 DescribeTransactions,66 ListTransactions,68 ConsumerGroupHeartbeat,69 ConsumerGroupDescribe,
  71 GetTelemetrySubscriptions,72 PushTelemetry,75 DescribeTopicPartitions`
    .split(',')
    .map(
      (pair) =>
        /** @type {[number, string]} */ ([Number.parseInt(pair, 10), pair.trim().split(' ')[1] ?? '']),
    ),
)

await Promise.all([capture('3.9'), capture('4.1')])

rmSync(goldenFolder, { recursive: true, force: true })
mkdirSync(goldenFolder, { recursive: true })
for (const apiKey of [...new Set([...kept.values()].map((exchange) => exchange.apiKey))].sort(
  (a, b) => a - b,
)) {
  const exchanges = [...kept.values()]
    .filter((exchange) => exchange.apiKey === apiKey)
    .sort((a, b) => a.apiVersion - b.apiVersion || a.client.localeCompare(b.client))
    .map(({ apiVersion, client, request, response }) => ({
      apiKey,
      apiVersion,
      client,
      requestHex: request.toString('hex'),
      responseHex: response.toString('hex'),
    }))
  const name = apiNames.get(apiKey)
  const stem = `${String(apiKey).padStart(2, '0')}${name ? `-${kebab(name)}` : ''}`
  writeFileSync(join(goldenFolder, `${stem}.json`), `${JSON.stringify(exchanges, null, 2)}\n`)
  const versions = exchanges.map(({ apiVersion, client }) => `${apiVersion}/${client}`).join(' ')
  console.log(`${stem}: ${versions}`)
}
