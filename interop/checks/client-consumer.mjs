/**
 * Our consumer: groups of both protocols with every assignor, positions, commits, transactions, compressions. Apache Kafka
 * has two brokers here, for reading from the closer replica, and for leaders and coordinators that move and go.
 */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Admin, Consumer, Producer } from '../../dist/client/index.js'
import { startApacheCluster } from '../lib/apache-cluster.mjs'
import { startBroker } from '../lib/broker.mjs'
import { Skip } from '../lib/step-table.mjs'
import { waitUntil } from '../lib/wait.mjs'

const overrides = {
  'offsets.topic.num.partitions': '3',
  'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
}
const apacheOverrides = {
  ...overrides,
  'offsets.topic.replication.factor': '2',
  'transaction.state.log.replication.factor': '2',
  'group.coordinator.rebalance.protocols': 'classic,consumer',
  'group.consumer.heartbeat.interval.ms': '1000',
  'group.consumer.min.heartbeat.interval.ms': '500',
  'replica.selector.class': 'org.apache.kafka.common.replica.RackAwareReplicaSelector',
}
const sluiceOverrides = {
  ...overrides,
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'group.consumer.heartbeat.interval.ms': '1000',
  'group.consumer.min.heartbeat.interval.ms': '500',
}

/** @typedef {import('../../dist/client/index.js').ConsumerOptions} ConsumerOptions */
/** @typedef {import('../../dist/client/index.js').ConsumerRecord} ConsumerRecord */

/** @type {Record<string, ConsumerOptions>} */
const classicWays = {
  range: { partitionAssignmentStrategy: 'range' },
  roundrobin: { partitionAssignmentStrategy: 'roundrobin' },
  sticky: { partitionAssignmentStrategy: 'sticky' },
  'cooperative-sticky': { partitionAssignmentStrategy: 'cooperative-sticky' },
}
/** @type {Record<string, ConsumerOptions>} */
const newWays = {
  'the new protocol, uniform': { groupProtocol: 'consumer' },
  'the new protocol, range': { groupProtocol: 'consumer', groupRemoteAssignor: 'range' },
}

/** @param {{kind: import('../lib/broker.mjs').BrokerKind, folder: string, steps: import('../lib/step-table.mjs').Steps}} run */
export async function checkClientConsumer({ kind, folder, steps }) {
  const isApache = kind !== 'sluice'
  const cluster = isApache
    ? await startApacheCluster({ kind, folder, overrides: apacheOverrides, racks: ['left', 'right'] })
    : await startBroker({ kind, folder, overrides: sluiceOverrides }).then(({ port, stop }) => ({
        bootstrap: `127.0.0.1:${port}`,
        stopSecond: () => Promise.resolve(),
        stop: () => stop(),
      }))
  const bootstrapServers = cluster.bootstrap
  const admin = new Admin({ bootstrapServers })
  const producer = new Producer({ bootstrapServers })
  /** @type {{close: (options?: {timeoutMs?: number}) => Promise<void>}[]} */
  const clients = []
  let count = 0

  /** @param {ConsumerOptions} [options] */
  const consumerOf = (options = {}) => {
    const consumer = new Consumer({
      bootstrapServers,
      autoOffsetReset: 'earliest',
      valueDeserializer: 'string',
      fetchMaxWaitMs: 100,
      heartbeatIntervalMs: options.groupProtocol === 'consumer' ? undefined : 300,
      ...options,
    })
    clients.push(consumer)
    return consumer
  }
  /** @param {number} partitions @param {Record<string, string>} [configs] */
  const topicOf = async (partitions, configs = {}) => {
    const name = `consumer-${count++}`
    await admin.createTopics([{ name, partitions, replicationFactor: isApache ? 2 : 1, configs }])
    return name
  }
  /** @param {string} topic @param {number} from @param {number} to @param {number} partitions */
  const write = (topic, from, to, partitions) =>
    producer.send(
      Array.from({ length: (to - from) * partitions }, (_, i) => ({
        topic,
        partition: i % partitions,
        value: `${from + Math.floor(i / partitions)}`,
      })),
    )
  /** @param {{[Symbol.asyncIterator]: () => AsyncIterator<any>}} consumer @param {number} wanted */
  const take = async (consumer, wanted) => {
    /** @type {any[]} */
    const records = []
    if (wanted === 0) return records
    const late = AbortSignal.timeout(20_000)
    for await (const record of /** @type {any} */ (consumer).records({ signal: late })) {
      records.push(record)
      if (records.length === wanted) break
    }
    return records
  }
  /** @param {any} consumer @param {any[]} into */
  const reading = (consumer, into) => {
    const loop = async () => {
      for await (const record of consumer) into.push(record)
    }
    loop().catch((error) => into.push(error))
  }
  const distinct = (/** @type {ConsumerRecord[]} */ records) =>
    new Set(records.map(({ partition, offset }) => `${partition}/${offset}`)).size

  try {
    await steps.run('keys, values, headers and times', async () => {
      const topic = await topicOf(1)
      await producer.send({
        topic,
        key: 'k',
        value: 'v',
        headers: { a: ['1', '2'] },
        timestamp: 1_700_000_000_000,
      })
      const consumer = consumerOf()
      consumer.assign([{ topic, partition: 0 }])
      const [record] = await take(consumer, 1)
      assert.equal(String(record.key), 'k')
      assert.equal(record.value, 'v')
      assert.deepEqual(record.headers.a.map(String), ['1', '2'])
      assert.equal(record.timestamp, 1_700_000_000_000)
    })

    for (const compressionType of /** @type {const} */ (['gzip', 'snappy', 'lz4', 'zstd'])) {
      await steps.run(`batches compressed with ${compressionType}`, async () => {
        const topic = await topicOf(1)
        const compressing = new Producer({ bootstrapServers, compressionType })
        await compressing.send(Array.from({ length: 2000 }, (_, i) => ({ topic, value: `${i}` })))
        await compressing.close()
        const consumer = consumerOf()
        consumer.assign([{ topic, partition: 0, offset: 5 }])
        const records = await take(consumer, 1995)
        assert.deepEqual([records[0].value, records.at(-1).value], ['5', '1999'])
      })
    }

    const ways = kind === 'apache-3.9' ? classicWays : { ...classicWays, ...newWays }
    for (const [way, options] of Object.entries({ ...classicWays, ...newWays })) {
      const name = `a group by ${way}: members come and go, and nothing is lost or read twice`
      if (!(way in ways)) {
        steps.skip(name, 'Apache Kafka 3.9 has it switched off')
        continue
      }
      await steps.run(name, async () => {
        const [topic, groupId] = [await topicOf(6), `group-${count++}`]
        await write(topic, 0, 50, 6)
        const members = [0, 1, 2].map(() => consumerOf({ groupId, ...options }))
        /** @type {any[]} */
        const seen = []
        const [first, second, third] = /** @type {[any, any, any]} */ (members)
        await first.subscribe(topic)
        reading(first, seen)
        await waitUntil(() => seen.length === 300, 'records')
        for (const member of [second, third]) {
          await member.subscribe([topic])
          reading(member, seen)
        }
        await waitUntil(() => members.every((member) => member.assignment().length === 2), 'even assignment')
        await write(topic, 50, 100, 6)
        await waitUntil(() => seen.length >= 600, 'records of three')
        await second.close()
        await waitUntil(() => first.assignment().length === 3 && third.assignment().length === 3, 'takeover')
        await write(topic, 100, 150, 6)
        await waitUntil(() => distinct(seen) === 900, 'records after the takeover')
        assert.equal(seen.length, 900)
      })
      await steps.run(`a group by ${way}: a static member comes back unnoticed`, async () => {
        const [topic, groupId] = [await topicOf(4), `group-${count++}`]
        const member = (/** @type {string} */ groupInstanceId) =>
          consumerOf({ groupId, groupInstanceId, ...options })
        const [one, two] = [member('one'), member('two')]
        for (const each of [one, two]) {
          await each.subscribe(topic)
          reading(each, [])
        }
        await waitUntil(() => one.assignment().length === 2 && two.assignment().length === 2, 'assignment')
        const had = JSON.stringify(one.assignment())
        const { generationId } = two.groupMetadata()
        await one.close()
        const again = member('one')
        await again.subscribe(topic)
        reading(again, [])
        await waitUntil(() => again.assignment().length === 2, 'assignment of who came back')
        assert.equal(JSON.stringify(again.assignment()), had)
        assert.equal(two.groupMetadata().generationId, generationId)
      })
    }

    await steps.run('a pattern takes up topics as they come', async () => {
      const prefix = `pattern-${count++}`
      const consumer = consumerOf({ groupId: prefix, metadataMaxAgeMs: 300 })
      await consumer.subscribe(new RegExp(`^${prefix}-`))
      reading(consumer, [])
      for (const name of ['a', 'b']) {
        await admin.createTopics([{ name: `${prefix}-${name}`, partitions: 2, replicationFactor: 1 }])
      }
      await waitUntil(() => consumer.assignment().length === 4, 'partitions of both topics')
    })

    await steps.run(
      'commits: of all, of a record, of offsets with metadata; and who comes next goes on there',
      async () => {
        const [topic, groupId] = [await topicOf(2), `group-${count++}`]
        await write(topic, 0, 10, 2)
        const consumer = consumerOf({ groupId, enableAutoCommit: false })
        await consumer.subscribe(topic)
        const records = await take(consumer, 20)
        await consumer.commit(records[0])
        await consumer.commit([{ topic, partition: 1, offset: 4, metadata: 'note' }])
        const committed = await consumer.committed([{ topic, partition: 1 }])
        assert.deepEqual([committed[0]?.offset, committed[0]?.metadata], [4, 'note'])
        await consumer.commit()
        await consumer.close()
        await write(topic, 10, 11, 2)
        const next = consumerOf({ groupId })
        await next.subscribe(topic)
        assert.deepEqual(
          (await take(next, 2)).map(({ value }) => value),
          ['10', '10'],
        )
      },
    )

    await steps.run('positions: by time, duration, at both ends, out of range', async () => {
      const topic = await topicOf(1)
      const nowMs = Date.now()
      await producer.send([
        { topic, value: 'old', timestamp: nowMs - 7_200_000 },
        { topic, value: 'recent', timestamp: nowMs - 60_000 },
      ])
      const partition = { topic, partition: 0 }
      const consumer = consumerOf()
      const [found] = await consumer.offsetsForTimes([{ ...partition, timestamp: nowMs - 3_600_000 }])
      assert.equal(found?.offset, 1)
      assert.equal((await consumer.endOffsets([partition]))[0]?.offset, 2)
      const recent = consumerOf({ autoOffsetReset: 'by_duration:PT1H', groupId: `group-${count++}` })
      recent.assign([partition])
      assert.equal(await recent.position(partition), 1)
      await admin.deleteRecords([{ ...partition, offset: 1 }])
      consumer.assign([{ ...partition, offset: 0 }])
      assert.equal((await take(consumer, 1))[0].value, 'recent')
    })

    await steps.run('read_committed: aborted records are not seen, and markers are no obstacle', async () => {
      const topic = await topicOf(1)
      const writer = new Producer({ bootstrapServers, transactionalId: `tx-${count++}` })
      clients.push(writer)
      for (let round = 0; round < 5; round++) {
        await writer.transaction((tx) => tx.send({ topic, value: `committed ${round}` }))
        await writer.beginTransaction()
        await writer.send({ topic, value: `aborted ${round}` })
        await writer.abortTransaction()
      }
      const consumer = consumerOf({ isolationLevel: 'read_committed' })
      consumer.assign([{ topic, partition: 0 }])
      const values = (await take(consumer, 5)).map(({ value }) => value)
      assert.deepEqual(
        values,
        [0, 1, 2, 3, 4].map((round) => `committed ${round}`),
      )
      await consumer.poll({ timeoutMs: 300 })
      assert.equal(await consumer.position({ topic, partition: 0 }), 20)
    })

    await steps.run('exactly once: offsets go with the transaction', async () => {
      const [from, to, groupId] = [await topicOf(2), await topicOf(1), `group-${count++}`]
      await write(from, 0, 20, 2)
      const consumer = consumerOf({ groupId, enableAutoCommit: false, isolationLevel: 'read_committed' })
      const writer = new Producer({ bootstrapServers, transactionalId: `tx-${count++}` })
      clients.push(writer)
      await consumer.subscribe(from)
      for (let copied = 0; copied < 40; ) {
        const records = await consumer.poll({ maxRecords: 7 })
        if (records.length === 0) continue
        copied += records.length
        await writer.transaction(async (tx) => {
          for (const { value } of records) void tx.send({ topic: to, value: String(value) })
          const offsets = await Promise.all(
            consumer.assignment().map(async (each) => ({ ...each, offset: await consumer.position(each) })),
          )
          await tx.sendOffsets(offsets, consumer)
        })
      }
      const committed = await consumer.committed()
      assert.deepEqual(
        committed.map(({ offset }) => offset),
        [20, 20],
      )
      const reader = consumerOf({ isolationLevel: 'read_committed' })
      reader.assign([{ topic: to, partition: 0 }])
      assert.equal((await take(reader, 40)).length, 40)
    })

    await steps.run('records that compaction has left are all read', async () => {
      const topic = await topicOf(1, {
        'cleanup.policy': 'compact',
        'segment.ms': '100',
        'min.cleanable.dirty.ratio': '0.01',
      })
      for (let round = 0; round < 3; round++) {
        await producer.send(
          Array.from({ length: 100 }, (_, i) => ({ topic, key: `k${i % 10}`, value: `${round}-${i}` })),
        )
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      const consumer = consumerOf()
      consumer.assign([{ topic, partition: 0 }])
      const latest = new Map()
      while ((await consumer.position({ topic, partition: 0 })) < 300) {
        for (const { key, value } of await consumer.poll()) latest.set(String(key), value)
      }
      assert.equal(latest.size, 10)
      assert.equal(latest.get('k9'), '2-99')
    })

    /** @param {string} name @param {() => Promise<void>} step */
    const withTwoBrokers = (name, step) =>
      steps.run(name, async () => {
        if (!isApache) throw new Skip('Sluice is a cluster of one')
        await step()
      })

    await withTwoBrokers('with client.rack the closer replica is read from', async () => {
      const topic = await topicOf(2)
      await write(topic, 0, 100, 2)
      /** @type {Set<number>} */
      const nodes = new Set()
      const note = (/** @type {any} */ { api, clientId, nodeId, responseBytes }) => {
        if (api === 'Fetch' && clientId === 'near' && responseBytes > 1000) nodes.add(nodeId)
      }
      subscribe('sluice:client:request', /** @type {any} */ (note))
      const consumer = consumerOf({ clientId: 'near', clientRack: 'right' })
      consumer.assign([0, 1].map((partition) => ({ topic, partition })))
      assert.equal((await take(consumer, 200)).length, 200)
      unsubscribe('sluice:client:request', /** @type {any} */ (note))
      assert.deepEqual([...nodes], [2])
    })

    await withTwoBrokers('leaders that move, and a broker that goes, are followed', async () => {
      const [topic, groupId] = [await topicOf(4), `group-${count++}`]
      const consumer = consumerOf({ groupId })
      await consumer.subscribe(topic)
      /** @type {any[]} */
      const seen = []
      reading(consumer, seen)
      await write(topic, 0, 50, 4)
      await waitUntil(() => seen.length === 200, 'records')
      await cluster.stopSecond()
      await write(topic, 50, 100, 4)
      await waitUntil(() => distinct(seen) === 400, 'records after the broker went')
      await consumer.commit()
      assert.deepEqual(
        (await consumer.committed()).map(({ offset }) => offset),
        [100, 100, 100, 100],
      )
    })
  } finally {
    await Promise.all(clients.map((client) => client.close({ timeoutMs: 5000 }).catch(() => {})))
    await producer.close({ timeoutMs: 5000 })
    await admin.close()
    await cluster.stop()
  }
}
