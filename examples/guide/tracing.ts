/**
 * Tracing and metrics: an order is taken by one service and handled by another, and both are spans of one trace; and how long
 * the broker takes is measured. The programs that produce and consume know nothing of it.
 *
 *   node examples/guide/tracing.ts [--bootstrap-servers HOST:PORT]
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { subscribe, tracingChannel } from 'node:diagnostics_channel'
import { parseArgs } from 'node:util'
import { Admin, Consumer, Producer } from 'sluice/client'
import { startBroker } from 'sluice/testing'

const { values: options } = parseArgs({ options: { 'bootstrap-servers': { type: 'string' } } })
const broker = options['bootstrap-servers'] === undefined ? await startBroker() : undefined
const bootstrapServers = options['bootstrap-servers'] ?? broker!.bootstrapServers
const topic = `traced-${process.pid}`

// --- The tracer: what an OpenTelemetry instrumentation does at these places, with nothing to install ------------------
interface Span {
  name: string
  traceId: string
  spanId: string
  parentId: string | undefined
  startMs: number
  endMs?: number
  error?: unknown
}
interface Context {
  topic: string
  headers: Record<string, Buffer | string>
  span?: Span
  error?: unknown
}

const spans: Span[] = []
const newId = (bytes: number) => randomBytes(bytes).toString('hex')

/** OpenTelemetry: `tracer.startSpan(name, { kind }, propagation.extract(context.active(), headers))`. */
function startSpan(name: string, traceparent?: Buffer | string): Span {
  const [, traceId = newId(16), parentId] = traceparent === undefined ? [] : String(traceparent).split('-')
  const span = { name, traceId, spanId: newId(8), parentId, startMs: performance.now() }
  spans.push(span)
  return span
}
const endSpan = ({ span, error }: Context) => Object.assign(span ?? {}, { endMs: performance.now(), error })

tracingChannel<unknown, Context>('sluice:client:produce').subscribe({
  start: (context) => {
    context.span = startSpan(`send ${context.topic}`)
    // OpenTelemetry: `propagation.inject(trace.setSpan(context.active(), span), headers)`.
    context.headers.traceparent = `00-${context.span.traceId}-${context.span.spanId}-01`
  },
  asyncStart: () => {},
  asyncEnd: endSpan,
  end: () => {},
  error: () => {},
})
tracingChannel<unknown, Context>('sluice:client:consume').subscribe({
  start: (context) => {
    context.span = startSpan(`process ${context.topic}`, context.headers.traceparent)
  },
  asyncStart: () => {},
  asyncEnd: endSpan,
  end: () => {},
  error: () => {},
})

/** A histogram's material: how long requests of each kind took. */
const requests = new Map<string, number[]>()
subscribe('sluice:client:request', (message) => {
  const { api, durationMs, error } = message as { api: string; durationMs: number; error?: Error }
  if (error === undefined) requests.set(api, [...(requests.get(api) ?? []), durationMs])
})

// --- The services ----------------------------------------------------------------------------------------------------
const admin = new Admin({ bootstrapServers })
await admin.createTopics([{ name: topic, partitions: 1 }])
const producer = new Producer({ bootstrapServers })
for (let order = 0; order < 3; order++) await producer.send({ topic, value: `order ${order}` })

const consumer = new Consumer({
  bootstrapServers,
  groupId: `mail-${process.pid}`,
  autoOffsetReset: 'earliest',
})
await consumer.subscribe(topic)
const stop = new AbortController()
await consumer.run({
  signal: stop.signal,
  eachRecord: async ({ offset }) => {
    await new Promise((resolve) => setTimeout(resolve, 2))
    if (offset === 2) stop.abort()
  },
})

await admin.deleteTopics([topic])
await Promise.all([producer, consumer, admin].map((client) => client.close()))
await broker?.close()

// --- What was seen ---------------------------------------------------------------------------------------------------
const sends = spans.filter(({ parentId }) => parentId === undefined)
assert.equal(sends.length, 3)
for (const { name, traceId, spanId, startMs, endMs = 0 } of sends) {
  const [child] = spans.filter(({ parentId }) => parentId === spanId)
  assert.ok(child !== undefined && child.traceId === traceId && child.endMs !== undefined)
  const took = (from: number, to: number) => `${(to - from).toFixed(1)} ms`
  console.log(
    `${traceId.slice(0, 8)}: ${name} ${took(startMs, endMs)} > ${child.name} ${took(child.startMs, child.endMs)}`,
  )
}
assert.ok((requests.get('Produce') ?? []).length === 3)
console.log(`requests: ${[...requests].map(([api, all]) => `${all.length} ${api}`).join(', ')}`)
