/**
 * The fuzzing run: `npm run fuzz -- [--frames 1000000] [--seed N] [--first 0] [--connections 24]`.
 *
 * Starts a broker, sends it mutated requests by the million, and checks meanwhile that a healthy client is served as if
 * it were alone, that nothing but whole responses comes back, and that the broker's resident memory stays where it was
 * after warming up. `--bootstrap HOST:PORT [--pid PID]` takes a broker that runs already.
 *
 * Ends with a line `N passed, N failed`; a failure prints the seed and the command that repeats the run.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { apiByKey } from '../../src/protocol/apis.ts'
import { decode } from '../../src/protocol/codec.ts'
import { RequestHeader, requestHeaderVersion } from '../../src/protocol/headers.ts'
import type { Message } from '../../src/protocol/schema.ts'
import { DecodeError, Reader } from '../../src/wire/reader.ts'
import { attack, newTally } from './attack.ts'
import { BrokerProcess, residentBytes } from './broker-process.ts'
import { ControlClient } from './control.ts'
import { type Frame, generatedFrames, recordedFrames } from './frames.ts'

const MIB = 1024 * 1024
/** Growth after warming up that counts as flat: a garbage-collected heap breathes. */
const GROWTH_BYTES_MAX = 64 * MIB
/** The share of the run after which memory is taken as warm. */
const WARM_SHARE = 0.25
const SAMPLE_EVERY_MS = 250
const REPORT_EVERY_MS = 10_000
const SWEEP_EVERY_MS = 2000
const STRAY_PARTITIONS_MAX = 60

const { values: args } = parseArgs({
  options: {
    frames: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    first: { type: 'string', default: '0' },
    connections: { type: 'string', default: '24' },
    bootstrap: { type: 'string' },
    pid: { type: 'string' },
  },
})
const frames = Number(args.frames)
const seed = args.seed === undefined ? Date.now() % 1_000_000 : Number(args.seed)
const firstFrame = Number(args.first)
const home = findHome(dirname(fileURLToPath(import.meta.url)))

let passed = 0
let failed = 0
function check(name: string, fault: string | undefined): void {
  if (fault === undefined) passed++
  else failed++
  console.log(fault === undefined ? `ok    ${name}` : `FAIL  ${name}: ${fault}`)
}

const broker = args.bootstrap === undefined ? await BrokerProcess.start(home) : undefined
const [host, port] = args.bootstrap?.split(':') ?? ['127.0.0.1', String(broker!.port)]
const address = { host: host!, port: Number(port) }
const pid = broker?.pid ?? (args.pid === undefined ? undefined : Number(args.pid))
console.log(
  `seed ${seed}, ${frames} frames from ${firstFrame} on, broker at ${address.host}:${address.port}, pid ${pid}`,
)

const control = new ControlClient(address, `fuzz-control-${seed}`)
const tally = newTally()
let controlFault: string | undefined
let isDone = false
const samples: { sent: number; bytes: number }[] = []
try {
  const targetTopic = 'fuzz-target'
  const recorded = recordedFrames(join(home, 'test/fixtures/golden'))
  const recordedTopics = topicsOf(recorded)
  const keep = new Set([control.topic, targetTopic, ...recordedTopics])
  await control.createTopics([...keep])
  // Metadata settles before the first round counts.
  await untilReady(control)
  const advertised = await control.advertised()
  const generated = generatedFrames(advertised, { seed, perVersion: 4, topic: targetTopic })
  const corpus = [...recorded, ...generated]
  console.log(
    `${recorded.length} recorded and ${generated.length} generated frames of ${advertised.length} APIs`,
  )

  const sampler = setInterval(() => {
    const bytes = pid === undefined ? undefined : residentBytes(pid)
    if (bytes !== undefined) samples.push({ sent: tally.sent, bytes })
  }, SAMPLE_EVERY_MS)
  const reporter = setInterval(() => console.log(progress()), REPORT_EVERY_MS)
  const watching = watch(keep)
  await attack(
    { ...address, corpus, seed, firstFrame, frames, connections: Number(args.connections) },
    tally,
    () => controlFault !== undefined || broker?.ended !== undefined,
  )
  isDone = true
  await watching
  clearInterval(sampler)
  clearInterval(reporter)
} catch (error) {
  controlFault ??= String(error)
}
console.log(progress())

check(`all ${frames} frames were sent`, tally.sent === frames ? undefined : `${tally.sent} sent`)
check(`a healthy client was served through ${control.rounds} rounds`, controlFault)
check(
  'nothing but whole responses came back',
  tally.faults.length === 0 ? undefined : tally.faults.slice(0, 5).join('; '),
)
check('memory stayed flat', memoryFault())
control.close()
if (broker !== undefined) {
  check('the broker kept running', broker.ended)
  const wasRunning = broker.ended === undefined
  const ended = await broker.stop()
  check('the broker stopped when asked to', wasRunning && ended === 'exit code 0' ? undefined : ended)
}
if (failed > 0) {
  if (broker !== undefined) console.log(`The broker's last lines:\n${broker.output}`)
  console.log(`Repeat with: npm run fuzz -- --seed ${seed} --frames ${frames} --first ${firstFrame}`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

/** The healthy client, round after round, and now and then a sweep of the topics that mutants created. */
async function watch(keep: ReadonlySet<string>): Promise<void> {
  let sweptMs = Date.now()
  try {
    while (!isDone) {
      await control.round()
      if (Date.now() - sweptMs > SWEEP_EVERY_MS) {
        await control.removeStrays(keep, STRAY_PARTITIONS_MAX)
        sweptMs = Date.now()
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    for (let round = 0; round < 10; round++) await control.round()
  } catch (error) {
    controlFault = `around frame ${firstFrame + tally.sent}: ${error instanceof Error ? error.message : String(error)}`
  }
}

async function untilReady(client: ControlClient): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await client.round()
    } catch (error) {
      if (attempt === 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** Compares the average just after the warm-up with the average at the end. */
function memoryFault(): string | undefined {
  if (pid === undefined) return undefined
  let isComplete = true
  // The median: a topic of thousands of partitions, made by a mutant and swept away, is no leak.
  const median = (from: number, to: number): number => {
    const within = samples.filter(({ sent }) => sent >= from * frames && sent <= to * frames)
    if (within.length === 0) isComplete = false
    const sorted = within.map(({ bytes }) => bytes).sort((a, b) => a - b)
    return sorted[sorted.length >> 1] ?? 0
  }
  if (samples.length < 8) return `only ${samples.length} samples: the run was too short to tell`
  const warm = median(WARM_SHARE, WARM_SHARE + 0.15)
  const last = median(0.85, 1)
  if (!isComplete) return 'the run ended before it could be told'
  const text = `${(warm / MIB).toFixed(0)} MiB after warming up, ${(last / MIB).toFixed(0)} MiB at the end`
  console.log(`      resident: ${text}`)
  return last - warm <= GROWTH_BYTES_MAX ? undefined : text
}

function progress(): string {
  const mebibytes = ((samples.at(-1)?.bytes ?? 0) / MIB).toFixed(0)
  return `${tally.sent} frames over ${tally.connections} connections: ${tally.responses} answers, ${tally.survived} connections survived, ${tally.closedByBroker} closed by the broker, ${tally.refusedConnections} refused; control rounds ${control.rounds}; resident ${mebibytes} MiB`
}

/** Topics that the recorded produce and fetch requests name: they exist, so that the requests get somewhere. */
function topicsOf(recorded: readonly Frame[]): string[] {
  const names = new Set<string>()
  for (const { apiKey, apiVersion, bytes } of recorded) {
    if (apiKey > 1) continue
    try {
      const reader = new Reader(bytes)
      decode(RequestHeader, requestHeaderVersion(apiKey, apiVersion), reader)
      const body = decode(apiByKey(apiKey)!.request as Message<unknown, unknown>, apiVersion, reader) as {
        topicData?: { name: string }[]
        topics?: { topic: string }[]
      }
      for (const { name } of body.topicData ?? []) names.add(name)
      for (const { topic } of body.topics ?? []) names.add(topic)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
    }
  }
  return [...names].filter((name) => /^[a-zA-Z0-9._-]{1,200}$/.test(name) && !name.startsWith('__'))
}

/** The folder of the package, from the source as from a compiled copy inside it. */
function findHome(folder: string): string {
  const manifest = join(folder, 'package.json')
  if (
    existsSync(manifest) &&
    (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === 'sluice'
  ) {
    return folder
  }
  const parent = dirname(folder)
  if (parent === folder) throw new Error('package.json of sluice was not found above this file')
  return findHome(parent)
}
