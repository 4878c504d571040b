import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { failWith } from '../../testing/index.ts'
import type { ConsumerOptions } from '../options/consumer-options.ts'
import type { PartitionAssignor } from './assignors/assignor.ts'
import {
  brokerForTests,
  createTopic,
  FAST_GROUP,
  newConsumer,
  numbered,
  produce,
  take,
  until,
  values,
  withAdmin,
} from './consumer.test.kit.ts'
import type { Consumer } from './consumer.ts'
import type { ConsumerRecord } from './consumer-record.ts'
import type { TopicPartition } from './topic-partition.ts'

const broker = await brokerForTests()
let groupCount = 0
const newGroup = (): string => `group-${groupCount++}`

/** The same must hold whichever way a group divides its partitions. */
const WAYS: Readonly<Record<string, ConsumerOptions>> = {
  range: { ...FAST_GROUP, partitionAssignmentStrategy: 'range' },
  roundrobin: {
    ...FAST_GROUP,
    partitionAssignmentStrategy: 'org.apache.kafka.clients.consumer.RoundRobinAssignor',
  },
  sticky: { ...FAST_GROUP, partitionAssignmentStrategy: ['sticky'] },
  'cooperative-sticky': { ...FAST_GROUP, partitionAssignmentStrategy: 'cooperative-sticky' },
  'range and cooperative-sticky': FAST_GROUP,
  'the new protocol': { groupProtocol: 'consumer' },
  'the new protocol with range': { groupProtocol: 'CONSUMER', groupRemoteAssignor: 'range' },
}

/** Reads in the background until it is closed. */
function reading(consumer: Consumer, into: ConsumerRecord[] = []): ConsumerRecord[] {
  void (async () => {
    for await (const record of consumer) into.push(record)
  })()
  return into
}

const partitionsOf = (consumer: Consumer): string =>
  consumer
    .assignment()
    .map(({ partition }) => partition)
    .sort()
    .join()

const countOf = (consumer: Consumer): number => consumer.assignment().length

for (const [way, options] of Object.entries(WAYS)) {
  test(`${way}: members share the partitions, and take over from each other without loss`, async (t) => {
    const [topic, groupId] = [await createTopic(broker, 6), newGroup()]
    const all = (from: number, to: number) =>
      [0, 1, 2, 3, 4, 5].flatMap((partition) => numbered(topic, to - from, partition, from))
    await produce(broker, all(0, 10))
    const first = newConsumer(t, broker, { groupId, ...options })
    await first.subscribe(topic)
    const seen = reading(first)
    await until(() => seen.length === 60)
    const second = newConsumer(t, broker, { groupId, ...options })
    await second.subscribe(topic)
    reading(second, seen)
    await until(() => countOf(first) === 3 && countOf(second) === 3)
    assert.notEqual(partitionsOf(first), partitionsOf(second))
    await produce(broker, all(10, 20))
    await until(() => seen.length === 120)
    const third = newConsumer(t, broker, { groupId, ...options })
    await third.subscribe(topic)
    reading(third, seen)
    await until(() => [first, second, third].every((consumer) => countOf(consumer) === 2))
    await second.close()
    await until(() => countOf(first) === 3 && countOf(third) === 3)
    await produce(broker, all(20, 30))
    await until(() => seen.length >= 180)
    assert.equal(new Set(seen.map(({ partition, offset }) => `${partition}/${offset}`)).size, 180)
    assert.equal(seen.length, 180)
  })

  test(`${way}: of a member that dies without a word others take the partitions, and it comes back`, async (t) => {
    const [topic, groupId] = [await createTopic(broker, 2), newGroup()]
    const lost: TopicPartition[] = []
    const dying = newConsumer(t, broker, { groupId, clientId: 'dying', ...options })
    await dying.subscribe({ topics: topic, onLost: (partitions) => void lost.push(...partitions) })
    const living = newConsumer(t, broker, { groupId, ...options })
    await living.subscribe(topic)
    reading(dying)
    reading(living)
    await until(() => countOf(dying) === 1 && countOf(living) === 1)
    const apis = ['Heartbeat', 'ConsumerGroupHeartbeat', 'JoinGroup'] as const
    let isCutOff = true
    const silence = apis.map((api) =>
      broker.intercept(api, async ({ clientId }, next) => {
        if (clientId === 'dying') await until(() => !isCutOff)
        return next()
      }),
    )
    t.after(() => silence.forEach((stop) => void stop()))
    await until(() => countOf(living) === 2)
    assert.equal(countOf(dying), 1)
    isCutOff = false
    await until(() => countOf(dying) === 1 && countOf(living) === 1)
    assert.equal(lost.length, 1)
  })

  test(`${way}: a member that was not asked for records for too long is left out until it is`, async (t) => {
    const [topic, groupId] = [await createTopic(broker, 2), newGroup()]
    await produce(broker, [...numbered(topic, 1, 0), ...numbered(topic, 1, 1)])
    const events: string[] = []
    const idle = newConsumer(t, broker, { groupId, maxPollIntervalMs: 300, ...options })
    await idle.subscribe({
      topics: topic,
      onAssigned: (partitions) => void events.push(`assigned ${partitions.length}`),
      onRevoked: (partitions) => void events.push(`revoked ${partitions.length}`),
      onLost: (partitions) => void events.push(`lost ${partitions.length}`),
    })
    await take(idle, 1)
    const busy = newConsumer(t, broker, { groupId, ...options })
    await busy.subscribe(topic)
    reading(busy)
    await until(() => countOf(busy) === 2)
    assert.ok(
      events.every((event) => event.startsWith('assigned')),
      events.join(),
    )
    const seen = reading(idle)
    await until(() => countOf(idle) === 1 && countOf(busy) === 1)
    assert.equal(events.filter((event) => event.startsWith('lost')).join(), 'lost 2')
    assert.deepEqual(seen, [])
  })

  test(`${way}: the user is told of partitions, waited for, and can commit before they go`, async (t) => {
    const [topic, groupId] = [await createTopic(broker, 2), newGroup()]
    await produce(broker, [...numbered(topic, 5, 0), ...numbered(topic, 5, 1)])
    const events: string[] = []
    let running = 0
    const listen =
      (name: string, work: () => unknown = () => {}) =>
      async (partitions: readonly TopicPartition[]): Promise<void> => {
        assert.equal(running++, 0)
        await new Promise((resolve) => void setImmediate(resolve))
        await work()
        running--
        if (partitions.length > 0) events.push(`${name} ${partitions.length}`)
      }
    const first = newConsumer(t, broker, { groupId, enableAutoCommit: false, ...options })
    const subscription = {
      topics: [topic],
      onAssigned: listen('assigned'),
      onRevoked: listen('revoked', () => first.commit()),
    }
    await first.subscribe(subscription)
    assert.equal((await take(first, 10)).length, 10)
    reading(first)
    const second = newConsumer(t, broker, { groupId, ...options })
    await second.subscribe(topic)
    const seen = reading(second)
    await until(() => countOf(first) === 1 && countOf(second) === 1)
    const isIncremental = way.startsWith('coop') || way.startsWith('the new')
    assert.deepEqual(
      events,
      isIncremental ? ['assigned 2', 'revoked 1'] : ['assigned 2', 'revoked 2', 'assigned 1'],
    )
    await first.close()
    assert.equal(events.at(-1), 'revoked 1')
    await until(() => countOf(second) === 2)
    assert.deepEqual(seen, [])
  })

  test(`${way}: a static member that comes back in time has what it had, without a rebalance`, async (t) => {
    const [topic, groupId] = [await createTopic(broker, 4), newGroup()]
    const member = (instance: string) =>
      newConsumer(t, broker, { groupId, groupInstanceId: instance, ...options })
    const [one, two] = [member('one'), member('two')]
    for (const consumer of [one, two]) {
      await consumer.subscribe(topic)
      reading(consumer)
    }
    await until(() => countOf(one) === 2 && countOf(two) === 2)
    const had = partitionsOf(one)
    const { generationId } = two.groupMetadata()
    await one.close()
    const again = member('one')
    await again.subscribe(topic)
    reading(again)
    await until(() => countOf(again) === 2)
    assert.equal(partitionsOf(again), had)
    assert.equal(two.groupMetadata().generationId, generationId)
    assert.equal(countOf(two), 2)
  })

  test(`${way}: new partitions and topics are taken up`, async (t) => {
    const groupId = newGroup()
    const topic = await createTopic(broker, 1, {}, `grow-${groupId}-a`)
    const options_ = { groupId, metadataMaxAgeMs: 50, ...options }
    const [named, matching] = [
      newConsumer(t, broker, options_),
      newConsumer(t, broker, { ...options_, groupId: newGroup() }),
    ]
    await named.subscribe([topic, `grow-${groupId}-b`])
    await matching.subscribe(new RegExp(`^grow-${groupId}-`))
    for (const consumer of [named, matching]) reading(consumer)
    await until(() => countOf(named) === 1 && countOf(matching) === 1)
    await withAdmin(broker, (admin) => admin.createPartitions([{ name: topic, partitions: 3 }]))
    await until(() => countOf(named) === 3 && countOf(matching) === 3)
    await createTopic(broker, 2, {}, `grow-${groupId}-b`)
    await until(() => countOf(named) === 5 && countOf(matching) === 5)
    await withAdmin(broker, (admin) => admin.deleteTopics([topic]))
    await until(() => countOf(named) === 2 && countOf(matching) === 2)
  })

  test(`${way}: a coordinator that errs, loads or hangs up is asked again`, async (t) => {
    const [topic, groupId] = [await createTopic(broker, 1), newGroup()]
    await produce(broker, numbered(topic, 3))
    const apis = [
      'FindCoordinator',
      'JoinGroup',
      'SyncGroup',
      'ConsumerGroupHeartbeat',
      'OffsetFetch',
      'OffsetCommit',
    ] as const
    const errors = ['NOT_COORDINATOR', 'COORDINATOR_LOAD_IN_PROGRESS', 'COORDINATOR_NOT_AVAILABLE'] as const
    for (const api of apis) {
      const left = [...errors]
      const stop = broker.intercept(api, async (_, next) => {
        const response = await next()
        const error = left.pop()
        return error === undefined ? response : failWith(response, error)
      })
      t.after(stop)
    }
    const consumer = newConsumer(t, broker, { groupId, retryBackoffMs: 1, ...options })
    await consumer.subscribe(topic)
    assert.deepEqual(values(await take(consumer, 3)), ['v0', 'v1', 'v2'])
    await consumer.commit()
    assert.equal((await consumer.committed())[0]?.offset, 3)
  })

  test(`${way}: another subscription takes the place of the former one, and none leaves the group`, async (t) => {
    const [one, two, groupId] = [await createTopic(broker, 2), await createTopic(broker, 1), newGroup()]
    const consumer = newConsumer(t, broker, { groupId, ...options })
    await consumer.subscribe(one)
    const loop = (async () => {
      for await (const _ of consumer) assert.fail('there is nothing to read')
      return 'ended'
    })()
    await until(() => countOf(consumer) === 2)
    await consumer.subscribe([two])
    await until(() => consumer.assignment().every(({ topic }) => topic === two) && countOf(consumer) === 1)
    await consumer.unsubscribe()
    assert.deepEqual(await loop, 'ended')
    assert.equal(countOf(consumer), 0)
    const described = await withAdmin(broker, (admin) => admin.listGroups())
    assert.equal(described.find((each) => each.groupId === groupId)?.state?.toLowerCase(), 'empty')
  })
}

test('a second consumer under the same group.instance.id takes the place, and the first is told', async (t) => {
  const [topic, groupId] = [await createTopic(broker, 1), newGroup()]
  const options = { groupId, groupInstanceId: 'same', ...FAST_GROUP }
  const first = newConsumer(t, broker, options)
  await first.subscribe(topic)
  const fenced = take(first, 1)
  await until(() => countOf(first) === 1)
  const second = newConsumer(t, broker, options)
  await second.subscribe(topic)
  reading(second)
  await assert.rejects(fenced, { code: 'FENCED_INSTANCE_ID' })
  await until(() => countOf(second) === 1)
})

test('with cooperative rebalancing partitions that stay are read on while others are handed over', async (t) => {
  const [topic, groupId] = [await createTopic(broker, 2), newGroup()]
  const options = { groupId, partitionAssignmentStrategy: 'cooperative-sticky', ...FAST_GROUP }
  const first = newConsumer(t, broker, options)
  await first.subscribe(topic)
  const seen = reading(first)
  await until(() => countOf(first) === 2)
  let isJoining = false
  let joins = 0
  const stop = broker.intercept('JoinGroup', async (_, next) => {
    joins += 1
    if (joins > 1) isJoining = true
    if (isJoining) await until(() => !isJoining)
    return next()
  })
  t.after(stop)
  const second = newConsumer(t, broker, options)
  await second.subscribe(topic)
  reading(second)
  await until(() => isJoining)
  await produce(broker, [...numbered(topic, 3, 0), ...numbered(topic, 3, 1)])
  await until(() => seen.length === 6)
  stop()
  isJoining = false
  await until(() => countOf(first) === 1 && countOf(second) === 1)
})

test('an assignor of the user’s own decides, with what members tell of themselves', async (t) => {
  const [topic, groupId] = [await createTopic(broker, 4), newGroup()]
  const assigned: string[] = []
  const own = (wish: string): PartitionAssignor => ({
    name: 'wishes',
    subscriptionUserData: () => Buffer.from(wish),
    assign: ({ members }) =>
      new Map(
        members.map(({ memberId, userData }) => [
          memberId,
          [...String(userData)].map((digit) => ({ topic, partition: Number(digit) })),
        ]),
      ),
    onAssignment: (partitions) => void assigned.push(partitions.map(({ partition }) => partition).join('')),
  })
  const consumers = ['023', '1'].map((wish) =>
    newConsumer(t, broker, { groupId, partitionAssignmentStrategy: own(wish), ...FAST_GROUP }),
  )
  for (const consumer of consumers) {
    await consumer.subscribe(topic)
    reading(consumer)
  }
  await until(() => partitionsOf(consumers[0]!) === '0,2,3' && partitionsOf(consumers[1]!) === '1')
  assert.ok(assigned.includes('023') && assigned.includes('1'))
})

test('an assignor that fails, and groups that can’t be joined, are told to the user', async (t) => {
  const [topic, groupId] = [await createTopic(broker, 1), newGroup()]
  const assign = (): never => {
    throw new RangeError('no idea')
  }
  const failing = newConsumer(t, broker, {
    groupId,
    partitionAssignmentStrategy: { name: 'failing', assign },
  })
  await failing.subscribe(topic)
  await assert.rejects(take(failing, 1), RangeError)
  const ranged = newConsumer(t, broker, { groupId: newGroup(), partitionAssignmentStrategy: 'range' })
  await ranged.subscribe(topic)
  reading(ranged)
  await until(() => countOf(ranged) === 1)
  const other = newConsumer(t, broker, {
    groupId: ranged.groupMetadata().groupId,
    partitionAssignmentStrategy: 'roundrobin',
  })
  await other.subscribe(topic)
  await assert.rejects(take(other, 1), { code: 'INCONSISTENT_GROUP_PROTOCOL' })
  const unknown = newConsumer(t, broker, {
    groupId: newGroup(),
    groupProtocol: 'consumer',
    groupRemoteAssignor: 'own',
  })
  await unknown.subscribe(topic)
  await assert.rejects(take(unknown, 1), { code: 'UNSUPPORTED_ASSIGNOR' })
})

test('the broker matches a pattern of its own syntax for members of the new protocol', async (t) => {
  const [groupId, prefix] = [newGroup(), 're2']
  await createTopic(broker, 1, {}, `${prefix}-one`)
  const consumer = newConsumer(t, broker, { groupId, groupProtocol: 'consumer', metadataMaxAgeMs: 50 })
  await consumer.subscribe({ pattern: `${prefix}-(one|two)` })
  reading(consumer)
  await until(() => countOf(consumer) === 1)
  assert.equal(consumer.assignment()[0]!.topic, 're2-one')
})

test('what a listener throws is thrown to the user when the rebalance is done', async (t) => {
  const [topic, groupId] = [await createTopic(broker, 1), newGroup()]
  await produce(broker, numbered(topic, 1))
  const consumer = newConsumer(t, broker, { groupId, ...FAST_GROUP })
  const onAssigned = (): never => {
    throw new Error('not now')
  }
  await consumer.subscribe({ topics: topic, onAssigned })
  await assert.rejects(take(consumer, 1), /^Error: not now$/)
  assert.deepEqual(values(await take(consumer, 1)), ['v0'])
})

test('consumers in worker threads share a group', async (t) => {
  const [topic, groupId] = [await createTopic(broker, 4), newGroup()]
  const { bootstrapServers } = broker
  const url = new URL('./group-worker.test.child.ts', import.meta.url)
  const workers = [0, 1].map(
    () =>
      new Worker(new URL(import.meta.url.endsWith('.ts') ? url : url.href.replace(/\.ts$/, '.js')), {
        workerData: { bootstrapServers, topic, groupId },
      }),
  )
  t.after(() => Promise.all(workers.map((worker) => worker.terminate())))
  const seen: string[] = []
  const owned = [0, 0]
  for (const [i, worker] of workers.entries()) {
    worker.on('message', (message: { owned: number } | { seen: string }) => {
      if ('owned' in message) owned[i] = message.owned
      else seen.push(message.seen)
    })
  }
  await until(() => owned.every((count) => count === 2))
  await produce(
    broker,
    [0, 1, 2, 3].flatMap((partition) => numbered(topic, 5, partition)),
  )
  await until(() => seen.length === 20)
  assert.equal(new Set(seen).size, 20)
})
