/**
 * Transactions with kafkajs, in the words of transactional-librdkafka.c:
 *
 *   transactional-kafkajs.mjs script BROKER TRANSACTIONAL_ID TIMEOUT_MS
 *   transactional-kafkajs.mjs read   BROKER TOPIC PARTITIONS ISOLATION    by a group of its own; ends after a silence
 */
import { createInterface } from 'node:readline'
import kafkajs from 'kafkajs'

const { Kafka, logLevel } = kafkajs
const silenceMs = 1500
const [command, broker = '', ...rest] = process.argv.slice(2)
const kafka = new Kafka({
  clientId: 'kafkajs-transactional',
  brokers: [broker],
  logLevel: logLevel.NOTHING,
  retry: { initialRetryTime: 50 },
})

/** @param {string} transactionalId @param {number} transactionTimeout */
async function script(transactionalId, transactionTimeout) {
  const producer = kafka.producer({
    transactionalId,
    transactionTimeout,
    idempotent: true,
    maxInFlightRequests: 1,
  })
  /** @type {import('kafkajs').Transaction | undefined} */
  let transaction
  const open = () => {
    if (!transaction) throw new Error('no transaction')
    return transaction
  }
  /** @param {string[]} words */
  const obey = async ([word, ...args]) => {
    const [a = '', b = '', c = '', d = ''] = args
    switch (word) {
      case 'init':
        await producer.connect()
        return ''
      case 'begin':
        transaction = await producer.transaction()
        return ''
      case 'commit':
        await open().commit()
        return ''
      case 'abort':
        await open().abort()
        return ''
      case 'send':
      case 'put': {
        const messages = [{ partition: Number(b), key: c, value: d }]
        const [sent] = await open().send({ topic: a, messages, acks: -1 })
        return ` ${sent?.baseOffset}`
      }
      case 'offsets': {
        const topics = [{ topic: b, partitions: [{ partition: Number(c), offset: d }] }]
        await open().sendOffsets({ consumerGroupId: a, topics })
        return ''
      }
      default:
        throw new Error(`no command ${word}`)
    }
  }
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      console.log(`ok${await obey(line.split(' '))}`)
    } catch (error) {
      const { name, type } = /** @type {{name: string, type?: string}} */ (error)
      console.log(`error ${type ?? name} other`)
    }
  }
  process.exit(0)
}

/** @param {string} topic @param {number} partitions @param {string} isolation */
async function read(topic, partitions, isolation) {
  const consumer = kafka.consumer({
    groupId: `kafkajs-${topic}-${isolation}-${process.pid}`,
    readUncommitted: isolation === 'read_uncommitted',
    maxWaitTimeInMs: 100,
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  /** @type {NodeJS.Timeout | undefined} */
  let silence
  const heard = () => {
    clearTimeout(silence)
    silence = setTimeout(async () => {
      await consumer.disconnect()
      process.exit(0)
    }, silenceMs)
  }
  consumer.on(consumer.events.GROUP_JOIN, heard)
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: partitions,
    eachMessage: async ({ partition, message }) => {
      heard()
      process.stdout.write(`${partition}\t${message.offset}\t${message.key}\t${message.value}\n`)
    },
  })
}

if (command === 'script') await script(rest[0] ?? '', Number(rest[1]))
else await read(rest[0] ?? '', Number(rest[1]), rest[2] ?? '')
