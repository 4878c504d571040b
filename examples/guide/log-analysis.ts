/**
 * Log analysis: three web servers write what they do into a topic; an analyser counts errors by minute and raises an alarm;
 * then the minute of the alarm is read again, and nothing but that.
 *
 *   node examples/guide/log-analysis.ts [--bootstrap-servers HOST:PORT]
 */
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { Admin, Consumer, Producer } from 'sluice/client'
import { startBroker } from 'sluice/testing'

interface Line {
  host: string
  path: string
  status: number
}

const HOSTS = ['web-1', 'web-2', 'web-3']
const MINUTES = 10
const LINES_PER_MINUTE = 2000
const MINUTE_MS = 60_000
/** More errors than this share of a minute's lines are an alarm. */
const ALARM_SHARE = 0.05

const { values: options } = parseArgs({ options: { 'bootstrap-servers': { type: 'string' } } })
const broker = options['bootstrap-servers'] === undefined ? await startBroker() : undefined
const bootstrapServers = options['bootstrap-servers'] ?? broker!.bootstrapServers
const topic = `access-log-${process.pid}`

const admin = new Admin({ bootstrapServers })
await admin.createTopics([{ name: topic, partitions: 3, configs: { 'retention.ms': String(86_400_000) } }])

// --- The web servers -------------------------------------------------------------------------------------------------
// Many small lines: let them gather, and compress them. A line that is lost now and then is no harm, so one
// broker's word is enough.
const producer = new Producer<string, Line>({
  bootstrapServers,
  valueSerializer: 'json',
  lingerMs: 20,
  batchSize: 128 * 1024,
  compressionType: 'lz4',
  acks: 1,
})
const firstMinute = Math.floor(Date.now() / MINUTE_MS) - MINUTES
const begunMs = performance.now()
let lineCount = 0
for (let minute = 0; minute < MINUTES; minute++) {
  const sent: Promise<unknown>[] = []
  for (let i = 0; i < LINES_PER_MINUTE; i++) {
    const host = HOSTS[i % 3]!
    const isBroken = host === 'web-2' && minute === 6 && i % 2 === 0
    const line = { host, path: `/item/${i % 100}`, status: isBroken || i % 500 === 0 ? 500 : 200 }
    const timestamp = (firstMinute + minute) * MINUTE_MS + Math.floor((i * MINUTE_MS) / LINES_PER_MINUTE)
    // By host, so that the lines of a host stay in order.
    sent.push(producer.send({ topic, key: host, value: line, timestamp }))
    lineCount += 1
  }
  await Promise.all(sent)
}
console.log(`${lineCount} lines are in the topic after ${Math.round(performance.now() - begunMs)} ms`)

const deserializers = {
  keyDeserializer: 'string',
  valueDeserializer: (bytes: Buffer): Line => JSON.parse(String(bytes)),
} as const

// --- The analyser ----------------------------------------------------------------------------------------------------
const analyser = new Consumer({
  ...deserializers,
  bootstrapServers,
  groupId: `analyser-${process.pid}`,
  autoOffsetReset: 'earliest',
  maxPollRecords: 5000,
})
const countsOf = new Map<number, { lines: number; errors: number }>()
await analyser.subscribe([topic])
let readCount = 0
for await (const { records } of analyser.batches()) {
  for (const { timestamp, value } of records) {
    // The minute in which it happened, not the one in which it is read.
    const minute = Math.floor(timestamp / MINUTE_MS)
    const counts = countsOf.get(minute) ?? { lines: 0, errors: 0 }
    counts.lines += 1
    if (value!.status >= 500) counts.errors += 1
    countsOf.set(minute, counts)
  }
  readCount += records.length
  if (readCount === lineCount) break
}
await analyser.close()
const alarms = [...countsOf]
  .filter(([, { lines, errors }]) => errors / lines > ALARM_SHARE)
  .map(([minute]) => minute)
for (const minute of alarms) {
  const { lines, errors } = countsOf.get(minute)!
  console.log(`alarm: ${errors} errors in ${lines} lines of minute ${minute - firstMinute}`)
}
assert.deepEqual(alarms, [firstMinute + 6])

// --- What happened then? ---------------------------------------------------------------------------------------------
// Another consumer, which disturbs nobody: it finds the minute by its time.
const reader = new Consumer({ ...deserializers, bootstrapServers })
const partitions = [0, 1, 2].map((partition) => ({ topic, partition }))
const at = async (minute: number) => {
  const queries = partitions.map((each) => ({ ...each, timestamp: minute * MINUTE_MS }))
  return reader.offsetsForTimes(queries)
}
const [starts, ends] = await Promise.all([at(alarms[0]!), at(alarms[0]! + 1)])
const errorsOf = new Map<string, number>()
for (const [i, start] of starts.entries()) {
  if (start === null) continue
  const end = ends[i]?.offset ?? (await reader.endOffsets([start]))[0]!.offset
  reader.assign([{ topic, partition: start.partition, offset: start.offset }])
  while ((await reader.position(start)) < end) {
    for (const { offset, value } of await reader.poll({ timeoutMs: 100 })) {
      if (offset >= end || value!.status < 500) continue
      errorsOf.set(value!.host, (errorsOf.get(value!.host) ?? 0) + 1)
    }
  }
}
const worst = [...errorsOf].sort(([, a], [, b]) => b - a)[0]!
assert.equal(worst[0], 'web-2')

await admin.deleteTopics([topic])
await Promise.all([producer, reader, admin].map((client) => client.close()))
await broker?.close()
console.log(`${worst[1]} of that minute's errors are of ${worst[0]}`)
