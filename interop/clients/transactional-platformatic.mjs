/**
 * Transactions with @platformatic/kafka, in the words of transactional-librdkafka.c. Its offsets come from messages
 * that its own consumer read, so `offsets` is not among them. Needs Node >= 22.22 or >= 24.6.
 *
 *   transactional-platformatic.mjs script BROKER TRANSACTIONAL_ID TIMEOUT_MS
 *   transactional-platformatic.mjs read   BROKER TOPIC PARTITIONS ISOLATION   by a group of its own; ends after a silence
 */
import { createInterface } from 'node:readline'
import { Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'

const silenceMs = 1500
const [command, broker = '', ...rest] = process.argv.slice(2)
const base = { clientId: 'platformatic-transactional', bootstrapBrokers: [broker] }

/** @param {string} transactionalId @param {number} timeout of transactions, and of requests */
async function script(transactionalId, timeout) {
  const producer = new Producer({
    ...base,
    transactionalId,
    timeout,
    idempotent: true,
    serializers: stringSerializers,
    retryDelay: 100,
  })
  /** @type {Producer<string, string, string, string>['transaction']} */
  let transaction
  const open = () => {
    if (!transaction) throw new Error('no transaction')
    return transaction
  }
  /** @param {string[]} words */
  const obey = async ([word, ...args]) => {
    const [topic = '', partition = '', key = '', value = ''] = args
    switch (word) {
      case 'init':
        return '' // The first transaction does it.
      case 'begin':
        // Left out, these are 0: a producer id that is not ours, and that fences us.
        transaction = await producer.beginTransaction({ producerId: -1n, producerEpoch: -1 })
        return ''
      case 'commit':
        await open().commit()
        return ''
      case 'abort':
        await open().abort()
        return ''
      case 'send':
      case 'put': {
        const messages = [{ topic, partition: Number(partition), key, value }]
        const { offsets } = await open().send({ messages, acks: -1 })
        return ` ${offsets?.[0]?.offset}`
      }
      default:
        throw new Error(`no command ${word}`)
    }
  }
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      console.log(`ok${await obey(line.split(' '))}`)
    } catch (error) {
      console.log(`error ${nameOf(error)} other`)
    }
  }
  process.exit(0)
}

/** The name that Kafka gives the error, which lies below errors of the library. @param {any} error @returns {string} */
function nameOf(error) {
  for (const cause of error?.errors ?? (error?.cause ? [error.cause] : [])) {
    const name = nameOf(cause)
    if (name) return name
  }
  return error?.apiId ?? error?.code ?? error?.name ?? ''
}

/** @param {string} topic @param {string} isolation */
async function read(topic, isolation) {
  const consumer = new Consumer({
    ...base,
    groupId: `platformatic-${topic}-${isolation}-${process.pid}`,
    deserializers: stringDeserializers,
    isolationLevel: isolation === 'read_committed' ? 1 : 0,
    maxWaitTime: 100,
    autocommit: false,
  })
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest' })
  /** @type {NodeJS.Timeout | undefined} */
  let silence
  const heard = () => {
    clearTimeout(silence)
    silence = setTimeout(async () => {
      await consumer.close(true)
      process.exit(0)
    }, silenceMs)
  }
  heard()
  for await (const { partition, offset, key, value } of stream) {
    heard()
    process.stdout.write(`${partition}\t${offset}\t${key}\t${value}\n`)
  }
}

if (command === 'script') await script(rest[0] ?? '', Number(rest[1]))
else await read(rest[0] ?? '', rest[2] ?? '')
