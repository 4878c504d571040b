/** Creates one topic with kafkajs: create-topic.mjs BROKER TOPIC PARTITIONS NAME=VALUE... */
import kafkajs from 'kafkajs'

const [broker = '', topic = '', partitions = '1', ...configs] = process.argv.slice(2)
const kafka = new kafkajs.Kafka({
  clientId: 'kafkajs-admin',
  brokers: [broker],
  logLevel: kafkajs.logLevel.ERROR,
})
const admin = kafka.admin()
await admin.connect()
const created = await admin.createTopics({
  topics: [
    {
      topic,
      numPartitions: Number(partitions),
      configEntries: configs.map((pair) => {
        const [name = '', value = ''] = pair.split('=')
        return { name, value }
      }),
    },
  ],
})
await admin.disconnect()
if (!created) throw new Error(`${topic} was there already`)
