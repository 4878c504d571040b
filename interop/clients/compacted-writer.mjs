/**
 * Rounds of keyed records with kafkajs, in and out of transactions: compacted-writer.mjs BROKER TOPIC FROM TO [plain]
 *
 * Each round writes every key once, a part of them in a transaction that commits, some tombstones, and then again a part
 * in a transaction that aborts; or, with "plain", all without transactions. Prints "OUTCOME OFFSET KEY VALUE" for each record; "-" for a tombstone.
 */
import kafkajs from 'kafkajs'

const [broker = '', topic = '', from = '0', to = '1', how = ''] = process.argv.slice(2)
const keyCount = 60
const valueBytes = 1500

const kafka = new kafkajs.Kafka({
  clientId: 'compacted-writer',
  brokers: [broker],
  logLevel: kafkajs.logLevel.ERROR,
})
const plain = kafka.producer()
const transactional = kafka.producer({
  transactionalId: `${topic}-writer`,
  idempotent: true,
  maxInFlightRequests: 1,
})
await plain.connect()
if (how !== 'plain') await transactional.connect()

/**
 * @param {number} round
 * @param {number} first
 * @param {number} end
 */
function messagesOf(round, first, end) {
  return Array.from({ length: end - first }, (_, index) => {
    const key = `key-${first + index}`
    const isTombstone = (first + index + round) % 7 === 0
    return { partition: 0, key, value: isTombstone ? null : `${round} ${key} `.padEnd(valueBytes, '.') }
  })
}

/**
 * @param {string} outcome
 * @param {string | undefined} baseOffset
 * @param {ReturnType<typeof messagesOf>} messages
 */
function print(outcome, baseOffset, messages) {
  for (const [index, { key, value }] of messages.entries())
    console.log(`${outcome} ${Number(baseOffset) + index} ${key} ${value?.split(' ')[0] ?? '-'}`)
}

for (let round = Number(from); round < Number(to); round++) {
  const outside = messagesOf(round, 0, how === 'plain' ? keyCount : keyCount / 2)
  const [sent] = await plain.send({ topic, messages: outside, acks: -1 })
  print('plain', sent?.baseOffset, outside)
  for (const outcome of how === 'plain' ? [] : ['committed', 'aborted']) {
    const messages = messagesOf(round, keyCount / 3, keyCount)
    const transaction = await transactional.transaction()
    const [inside] = await transaction.send({ topic, messages, acks: -1 })
    if (outcome === 'committed') await transaction.commit()
    else await transaction.abort()
    print(outcome, inside?.baseOffset, messages)
  }
}
await plain.disconnect()
if (how !== 'plain') await transactional.disconnect()
