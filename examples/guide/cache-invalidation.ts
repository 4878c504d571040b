/**
 * Cache invalidation: every server of a shop keeps all prices in its memory. A price that changes is a record of a compacted
 * topic; every server reads all of them, at its start from the beginning, then as they come.
 *
 *   node examples/guide/cache-invalidation.ts [--bootstrap-servers HOST:PORT]
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Admin, Consumer, type ConsumerRecord, Producer } from 'sluice/client'
import { startBroker } from 'sluice/testing'

const ITEMS = 1000

const { values: options } = parseArgs({ options: { 'bootstrap-servers': { type: 'string' } } })
const broker = options['bootstrap-servers'] === undefined ? await startBroker() : undefined
const bootstrapServers = options['bootstrap-servers'] ?? broker!.bootstrapServers
const topic = `prices-${process.pid}`

const admin = new Admin({ bootstrapServers })
// Of each key the last value stays for ever: the topic is a table that can be read from its beginning.
await admin.createTopics([{ name: topic, partitions: 2, configs: { 'cleanup.policy': 'compact' } }])

/** What one server holds. */
class PriceCache {
  readonly #prices = new Map<string, number>()
  readonly #stop = new AbortController()
  // No group: every server reads everything, and where it is is nobody's business.
  readonly #consumer = new Consumer({
    bootstrapServers,
    autoOffsetReset: 'earliest',
    keyDeserializer: 'string',
    valueDeserializer: (bytes) => Number(String(bytes)),
  })
  #following: Promise<void> | undefined

  /** Resolves when everything that is in the topic now is in the cache: before that the server serves nobody. */
  async open(): Promise<void> {
    const partitions = (await this.#consumer.partitionsFor(topic)).map(({ partition }) => ({
      topic,
      partition,
    }))
    this.#consumer.assign(partitions)
    const ends = await this.#consumer.endOffsets(partitions)
    for (const end of ends) {
      while ((await this.#consumer.position(end)) < end.offset) {
        for (const record of await this.#consumer.poll({ timeoutMs: 100 })) this.#apply(record)
      }
    }
    this.#following = this.#consumer.run({
      eachRecord: (record) => this.#apply(record),
      signal: this.#stop.signal,
    })
  }

  /** A record without a value says that the item has gone. */
  #apply({ key, value }: ConsumerRecord<string, number>): void {
    if (value === null) this.#prices.delete(key!)
    else this.#prices.set(key!, value)
  }

  get size(): number {
    return this.#prices.size
  }

  price(item: string): number | undefined {
    return this.#prices.get(item)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#following
    await this.#consumer.close()
  }
}

// --- Prices, before any server runs ----------------------------------------------------------------------------------
const producer = new Producer<string, number>({ bootstrapServers, valueSerializer: 'string' })
const items = Array.from({ length: ITEMS }, (_, i) => `item-${i}`)
await producer.send(items.map((item, i) => ({ topic, key: item, value: 100 + i })))

// --- Three servers ---------------------------------------------------------------------------------------------------
const caches = [new PriceCache(), new PriceCache(), new PriceCache()]
const begunMs = performance.now()
await Promise.all(caches.map((cache) => cache.open()))
console.log(
  `three servers have ${caches[0]!.size} prices each after ${Math.round(performance.now() - begunMs)} ms`,
)
for (const cache of caches) assert.equal(cache.size, ITEMS)

/** How long it takes until every server knows. */
async function change(item: string, price: number | null): Promise<number> {
  const changedMs = performance.now()
  await producer.send({ topic, key: item, value: price })
  while (caches.some((cache) => cache.price(item) !== (price ?? undefined))) await sleep(1)
  return performance.now() - changedMs
}
const changeMs = await change('item-7', 5)
console.log(`item-7 costs 5 now, and every server knows it after ${changeMs.toFixed(1)} ms`)
const goneMs = await change('item-8', null)
console.log(`item-8 has gone, and every server knows it after ${goneMs.toFixed(1)} ms`)

// --- A fourth server, later ------------------------------------------------------------------------------------------
const late = new PriceCache()
await late.open()
assert.deepEqual([late.size, late.price('item-7'), late.price('item-8')], [ITEMS - 1, 5, undefined])

await Promise.all([...caches, late].map((cache) => cache.close()))
await admin.deleteTopics([topic])
await Promise.all([producer, admin].map((client) => client.close()))
await broker?.close()
console.log(`a server that starts later has the same ${late.size} prices, without asking the database`)
