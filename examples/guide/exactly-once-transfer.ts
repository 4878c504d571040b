/**
 * Exactly-once transfer: every transfer becomes two entries, money out of one account and into another. A worker is killed
 * when it has written entries and not yet said so; another takes its place. No entry is missing, none is there twice.
 *
 *   node examples/guide/exactly-once-transfer.ts [--bootstrap-servers HOST:PORT]
 */
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { Admin, Consumer, Producer } from 'sluice/client'
import { startBroker } from 'sluice/testing'

interface Transfer {
  from: string
  to: string
  cents: number
}

const ACCOUNTS = ['ada', 'bob', 'cleo', 'dan']
const TRANSFERS = 200
const BATCH_TRANSFERS = 20

const { values: options } = parseArgs({ options: { 'bootstrap-servers': { type: 'string' } } })
const broker = options['bootstrap-servers'] === undefined ? await startBroker() : undefined
const bootstrapServers = options['bootstrap-servers'] ?? broker!.bootstrapServers
const transfersTopic = `transfers-${process.pid}`
const entriesTopic = `entries-${process.pid}`
const groupId = `ledger-${process.pid}`

const admin = new Admin({ bootstrapServers })
await admin.createTopics([
  { name: transfersTopic, partitions: 1 },
  { name: entriesTopic, partitions: 2 },
])

// --- Transfers are asked for -----------------------------------------------------------------------------------------
const transfers: Transfer[] = Array.from({ length: TRANSFERS }, (_, i) => ({
  from: ACCOUNTS[i % 4]!,
  to: ACCOUNTS[(i + 1 + (i % 3)) % 4]!,
  cents: 100 + i,
}))
const clerk = new Producer<string, Transfer>({ bootstrapServers, valueSerializer: 'json' })
await clerk.send(
  transfers.map((transfer) => ({ topic: transfersTopic, key: transfer.from, value: transfer })),
)
await clerk.close()

// --- The worker ------------------------------------------------------------------------------------------------------
/** Works until everything is transferred, or until it is killed in the middle of its `killedInBatch`th batch. */
async function work(killedInBatch?: number): Promise<void> {
  const consumer = new Consumer({
    bootstrapServers,
    groupId,
    autoOffsetReset: 'earliest',
    isolationLevel: 'read_committed',
    // How far it has read is written with the entries, in one transaction.
    enableAutoCommit: false,
    maxPollRecords: BATCH_TRANSFERS,
    valueDeserializer: (bytes): Transfer => JSON.parse(String(bytes)),
  })
  // The name is what tells a successor from a stranger: it stays the same when the worker is started again.
  const producer = new Producer<string, number>({
    bootstrapServers,
    transactionalId: `ledger-worker-${process.pid}`,
    valueSerializer: 'string',
  })
  try {
    await consumer.subscribe([transfersTopic])
    let batchCount = 0
    for await (const { topic, partition, records } of consumer.batches()) {
      batchCount += 1
      const end = records.at(-1)!.offset + 1
      await producer.transaction(async (transaction) => {
        for (const { value } of records) {
          const { from, to, cents } = value!
          transaction.send({ topic: entriesTopic, key: from, value: -cents })
          transaction.send({ topic: entriesTopic, key: to, value: cents })
        }
        if (batchCount === killedInBatch) {
          await producer.flush()
          await producer.close({ timeoutMs: 0 })
          throw new Error('killed')
        }
        await transaction.sendOffsets([{ topic, partition, offset: end }], consumer)
      })
      if (end === TRANSFERS) return
    }
  } finally {
    await Promise.all([consumer.close(), producer.close()])
  }
}
await assert.rejects(work(4), /killed/)
console.log('the worker was killed in its fourth batch, with entries written and the transaction open')
await work()
console.log('its successor has done the rest')

// --- The balances ----------------------------------------------------------------------------------------------------
async function readEntries(
  isolationLevel: 'read_committed' | 'read_uncommitted',
): Promise<{ account: string; cents: number }[]> {
  const consumer = new Consumer({
    bootstrapServers,
    isolationLevel,
    autoOffsetReset: 'earliest',
    keyDeserializer: 'string',
    valueDeserializer: (bytes) => Number(String(bytes)),
  })
  const partitions = [0, 1].map((partition) => ({ topic: entriesTopic, partition }))
  consumer.assign(partitions)
  const entries: { account: string; cents: number }[] = []
  const ends = await consumer.endOffsets(partitions)
  const isBehind = async () => {
    for (const end of ends) if ((await consumer.position(end)) < end.offset) return true
    return false
  }
  while (await isBehind()) {
    for (const { key, value } of await consumer.poll({ timeoutMs: 100 }))
      entries.push({ account: key!, cents: value! })
  }
  await consumer.close()
  return entries
}

const committed = await readEntries('read_committed')
const all = await readEntries('read_uncommitted')
const balances = new Map(ACCOUNTS.map((account) => [account, 0]))
for (const { account, cents } of committed) balances.set(account, balances.get(account)! + cents)
const expected = new Map(ACCOUNTS.map((account) => [account, 0]))
for (const { from, to, cents } of transfers) {
  expected.set(from, expected.get(from)! - cents)
  expected.set(to, expected.get(to)! + cents)
}
assert.equal(committed.length, 2 * TRANSFERS)
assert.deepEqual(balances, expected)
assert.equal(all.length, 2 * TRANSFERS + 2 * BATCH_TRANSFERS)

await admin.deleteTopics([transfersTopic, entriesTopic])
await admin.close()
await broker?.close()
console.log(
  `read_uncommitted sees ${all.length} entries, ${all.length - committed.length} of them of the killed worker`,
)
console.log(
  `read_committed sees ${committed.length} entries for ${TRANSFERS} transfers: ${JSON.stringify(Object.fromEntries(balances))}`,
)
