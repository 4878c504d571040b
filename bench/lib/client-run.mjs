/**
 * One client doing one thing, in a process of its own: what it did between the end of its warm-up and the end goes to the
 * parent as a message. The argument is a job in JSON, see bench/clients.mjs.
 */
import { randomBytes } from 'node:crypto'
import { clients } from './clients/index.mjs'

/** Records of one `sendMany`, and how many of those are under way at a time. */
const MANY = 1000
const MANY_AT_A_TIME = 4
/** Made before anything is measured, and sent again and again. */
const DISTINCT_RECORDS = 20_000

/** @type {import('../clients.mjs').Job} */
const job = JSON.parse(process.argv[2] ?? '{}')
const client = clients.find(({ name }) => name === job.client)
if (!client) throw new Error(`no client ${job.client}`)

let count = 0
let bytes = 0
let startMs = 0
let startCpu = process.cpuUsage()

/** The warm-up is over: from here on it counts. */
function begin() {
  count = 0
  bytes = 0
  startMs = performance.now()
  startCpu = process.cpuUsage()
}

function report() {
  const seconds = (performance.now() - startMs) / 1000
  const { user, system } = process.cpuUsage(startCpu)
  process.send?.({ count, bytes, seconds, cpuSeconds: (user + system) / 1e6 })
}

async function produce() {
  const producer = await client.producer(job)
  const value = randomBytes(job.valueBytes / 2)
    .toString('hex')
    .slice(0, job.valueBytes)
  const records = Array.from({ length: DISTINCT_RECORDS }, (_, i) =>
    producer.recordOf(
      Buffer.from(`key-${i}`),
      Buffer.from(value.replace(/^.{6}/, String(i).padStart(6, '0'))),
    ),
  )
  const recordBytes = job.valueBytes + 'key-12345'.length
  const isOne = job.workload === 'single'
  const step = isOne ? 1 : MANY
  let at = 0
  const send = async () => {
    const from = at
    at = (at + step) % DISTINCT_RECORDS
    if (isOne) await producer.sendOne(records[from])
    else await producer.sendMany(records.slice(from, from + step))
    count += step
    bytes += step * recordBytes
  }
  const run = async (/** @type {number} */ seconds) => {
    const endMs = performance.now() + seconds * 1000
    const lane = async () => {
      while (performance.now() < endMs) await send()
    }
    await Promise.all(Array.from({ length: isOne ? 1 : MANY_AT_A_TIME }, lane))
  }
  await run(job.seconds / 2)
  begin()
  await run(job.seconds)
  report()
}

async function consume() {
  /** A tenth is for warming up. */
  const warmUpCount = Math.floor(job.recordCount / 10)
  let hasBegun = false
  let skipped = 0
  const groupId = `bench-${process.pid}-${Date.now()}`
  await client[job.workload]({
    ...job,
    groupId,
    onRecords: (recordCount, recordBytes) => {
      count += recordCount
      bytes += recordBytes
      if (!hasBegun && count >= warmUpCount) {
        skipped = count
        hasBegun = true
        begin()
      }
      if (count < job.recordCount - skipped || !hasBegun) return false
      report()
      return true
    },
  })
}

await (job.recordCount > 0 ? consume() : produce())
