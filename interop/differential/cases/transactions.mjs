/**
 * Transactions: InitProducerId with a transactional id, AddPartitionsToTxn, AddOffsetsToTxn, TxnOffsetCommit, EndTxn,
 * WriteTxnMarkers, what Produce and Fetch make of them, and what is told of them; refused and in whole lives.
 */
import { batch } from '../records.mjs'
import {
  ADD_OFFSETS_TO_TXN,
  ADD_PARTITIONS_TO_TXN,
  awaitCoordinators,
  createTopic,
  DESCRIBE_PRODUCERS,
  DESCRIBE_TRANSACTIONS,
  delay,
  END_TXN,
  FETCH,
  fetchRequest,
  INIT_PRODUCER_ID,
  LIST_OFFSETS,
  LIST_TRANSACTIONS,
  levels,
  OFFSET_FETCH,
  PRODUCE,
  produceRequest,
  TXN_OFFSET_COMMIT,
  WRITE_TXN_MARKERS,
} from './kit.mjs'

/** @type {import('./kit.mjs').Reference[]} */
const references = ['zookeeper', 'kraft-4.1']

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'transactional ids', references, run: transactionalIds },
  { name: 'transactions', references, run: transactions },
  { name: 'transactions refused', references, run: refused },
  { name: 'transactions of brokers', references, run: ofBrokers },
  { name: 'transactional produces', references, run: produces },
  { name: 'transactions that time out', references, run: timeouts },
  { name: 'transaction markers', references, run: markers },
  { name: 'transactions listed', references, run: listed },
]

const txnApis = [
  INIT_PRODUCER_ID,
  ADD_PARTITIONS_TO_TXN,
  ADD_OFFSETS_TO_TXN,
  TXN_OFFSET_COMMIT,
  END_TXN,
  PRODUCE,
  FETCH,
]
const concurrentTransactions = 51
/** 20 ms apart. */
const attemptsMax = 250
/** The last version of AddPartitionsToTxn that clients use. */
const clientsAddPartitions = 3
/** From these versions on a client leaves AddPartitionsToTxn and AddOffsetsToTxn to the broker (KIP-890). */
const endTxnOfVersion2 = 5
const produceOfVersion2 = 12

/** A producer with a transactional id, that asks at one level of versions. */
class Transactional {
  #probe
  #level
  transactionalId
  producerId = -1
  producerEpoch = -1

  /**
   * @param {import('./kit.mjs').Probe} probe
   * @param {string} transactionalId
   * @param {ReturnType<typeof levels>[number]} level
   */
  constructor(probe, transactionalId, level) {
    this.#probe = probe
    this.#level = level
    this.transactionalId = transactionalId
  }

  get #who() {
    const { transactionalId, producerId, producerEpoch } = this
    return { transactionalId, producerId, producerEpoch }
  }

  /** @param {string} label @param {number} apiKey @param {object} request @param {number} [version] */
  #ask(label, apiKey, request, version = this.#level.of(apiKey)) {
    return this.#probe.ask(`${this.#level.name}: ${label}`, apiKey, version, request)
  }

  /** Waits out the transaction that is being ended, which takes its time. @param {object} [fields] */
  async init(fields = {}) {
    const request = { transactionalId: this.transactionalId, transactionTimeoutMs: 60_000, ...fields }
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const response = await this.#probe.quietly(INIT_PRODUCER_ID, this.#level.of(INIT_PRODUCER_ID), request)
      if (response.errorCode === concurrentTransactions) await delay(20)
      else {
        if (response.errorCode !== 0) throw new Error(`InitProducerId: ${response.errorCode}`)
        this.producerId = response.producerId
        this.producerEpoch = response.producerEpoch
        return response
      }
    }
    throw new Error(`${this.transactionalId} has concurrent transactions for ever`)
  }

  /** @param {string} label @param {object} [fields] */
  tellInit(label, fields = {}) {
    return this.#ask(label, INIT_PRODUCER_ID, {
      transactionalId: this.transactionalId,
      transactionTimeoutMs: 60_000,
      ...fields,
    })
  }

  /** @param {string} label @param {[string, number[]][]} topics @param {object} [fields] */
  addPartitions(label, topics, fields = {}) {
    const version = Math.min(this.#level.of(ADD_PARTITIONS_TO_TXN), clientsAddPartitions)
    const { transactionalId, producerId, producerEpoch } = { ...this.#who, ...fields }
    return this.#ask(
      label,
      ADD_PARTITIONS_TO_TXN,
      {
        v3AndBelowTransactionalId: transactionalId,
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: topics.map(([name, partitions]) => ({ name, partitions })),
      },
      version,
    )
  }

  /** @param {string} label @param {string} groupId @param {object} [fields] */
  addOffsets(label, groupId, fields = {}) {
    return this.#ask(label, ADD_OFFSETS_TO_TXN, { ...this.#who, groupId, ...fields })
  }

  /** @param {string} label @param {string} groupId @param {object[]} partitions @param {object} [fields] */
  commitOffsets(label, groupId, partitions, fields = {}) {
    const version = this.#level.of(TXN_OFFSET_COMMIT)
    const topics = [
      {
        name: 'txn-input',
        partitions: partitions.map((each) => ({
          partitionIndex: 0,
          committedOffset: 4,
          committedMetadata: 'm',
          ...each,
        })),
      },
    ]
    const member = version >= 3 ? { memberId: '', generationId: -1 } : {}
    return this.#ask(label, TXN_OFFSET_COMMIT, { ...this.#who, groupId, ...member, topics, ...fields })
  }

  /** @param {string} label @param {boolean} committed @param {object} [fields] */
  async end(label, committed, fields = {}) {
    const response = await this.#ask(label, END_TXN, { ...this.#who, committed, ...fields })
    if (response?.errorCode === 0 && this.#level.of(END_TXN) >= endTxnOfVersion2) {
      this.producerId = response.producerId
      this.producerEpoch = response.producerEpoch
    }
    return response
  }

  /**
   * @param {string} label
   * @param {{topic: string, topicId: string}} topic
   * @param {number} baseSequence
   * @param {{transactionalId?: string | null, isTransactional?: boolean, epoch?: number, partition?: number, version?: number}} [options]
   */
  produce(label, { topic, topicId }, baseSequence, options = {}) {
    const {
      transactionalId = this.transactionalId,
      isTransactional = true,
      epoch = this.producerEpoch,
    } = options
    const { partition = 0, version = Math.max(3, this.#level.of(PRODUCE)) } = options
    const records = batch(2, {
      producerId: Number(this.producerId),
      producerEpoch: epoch,
      baseSequence,
      isTransactional,
    })
    return this.#ask(
      label,
      PRODUCE,
      produceRequest(topic, records, { topicId, partition, transactionalId }),
      version,
    )
  }

  /** Waits until the transaction has ended, markers and all. */
  async settled() {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const { transactionStates } = await this.#probe.quietly(DESCRIBE_TRANSACTIONS, 0, {
        transactionalIds: [this.transactionalId],
      })
      if (!/^(Prepare|Ongoing)/.test(transactionStates[0].transactionState)) return
      await delay(20)
    }
    throw new Error(`the transaction of ${this.transactionalId} does not end`)
  }

  /** @param {string} label */
  async describe(label) {
    const outcome = await this.#probe.peer.call(DESCRIBE_TRANSACTIONS, 0, {
      transactionalIds: [this.transactionalId],
    })
    // The order of partitions means nothing.
    if ('response' in outcome)
      for (const { topics } of outcome.response.transactionStates)
        for (const { partitions } of topics) partitions.sort()
    this.#probe.note(`${this.#level.name}: ${label}`, outcome, false)
  }
}

/**
 * What there is to see of a partition.
 * @param {import('./kit.mjs').Probe} probe
 * @param {string} label
 * @param {string} topic
 */
async function look(probe, label, topic) {
  await probe.ask(`${label}, producers`, DESCRIBE_PRODUCERS, 0, {
    topics: [{ name: topic, partitionIndexes: [0] }],
  })
  for (const isolationLevel of [0, 1]) {
    const name = isolationLevel === 0 ? 'all' : 'committed'
    await probe.ask(`${label}, ${name}`, FETCH, 11, fetchRequest(topic, [{}], { isolationLevel }))
    await probe.ask(
      `${label}, ${name} from 3`,
      FETCH,
      11,
      fetchRequest(topic, [{ fetchOffset: 3 }], { isolationLevel }),
    )
    for (const timestamp of [-1, -2, 0]) {
      await probe.ask(`${label}, offset of ${name} at ${timestamp}`, LIST_OFFSETS, 7, {
        replicaId: -1,
        isolationLevel,
        topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp }] }],
      })
    }
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function transactionalIds(probe) {
  await awaitCoordinators(probe)
  for (const version of probe.versions(INIT_PRODUCER_ID)) {
    const id = `id-${version}`
    const ask = (/** @type {string} */ label, /** @type {object} */ fields) =>
      probe.ask(label, INIT_PRODUCER_ID, version, {
        transactionalId: id,
        transactionTimeoutMs: 60_000,
        ...fields,
      })
    for (const transactionTimeoutMs of [0, -1, 900_001, 2 ** 31 - 1])
      await ask(`timeout of ${transactionTimeoutMs}`, { transactionTimeoutMs })
    await ask('empty id', { transactionalId: '' })
    await ask('first', {})
    await ask('second', {})
    await ask('another timeout', { transactionTimeoutMs: 900_000 })
    await ask('a strange id', { transactionalId: `Grüße, 世界 ${version}` })
    await probe.ask(`described after ${version}`, DESCRIBE_TRANSACTIONS, 0, { transactionalIds: [id] })
    if (version < 3) continue
    const bumps = `bumps-${version}`
    const { producerId, producerEpoch } = await probe.quietly(INIT_PRODUCER_ID, version, {
      transactionalId: bumps,
      transactionTimeoutMs: 60_000,
    })
    const bump = (/** @type {string} */ label, /** @type {object} */ fields) =>
      ask(label, { transactionalId: bumps, producerId, producerEpoch, ...fields })
    await bump('its own epoch', {})
    await bump('its own epoch, repeated', {})
    await bump('a later epoch', { producerEpoch: producerEpoch + 5 })
    await bump('another producer id', { producerId: producerId + 1000 })
    await bump('id without epoch', { producerEpoch: -1 })
    await bump('epoch without id', { producerId: -1 })
    await bump('epoch -2', { producerEpoch: -2 })
    await bump('the next epoch', { producerEpoch: producerEpoch + 1 })
    await bump('anew', { producerId: -1, producerEpoch: -1 })
    await bump('an old epoch', {})
    await bump('an unknown id with a producer id', {
      transactionalId: `unknown-${version}`,
      producerId: 5,
      producerEpoch: 3,
    })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function transactions(probe) {
  await awaitCoordinators(probe)
  await createTopic(probe, 'txn-input', { partitions: 2 })
  for (const level of levels(probe, txnApis)) {
    const topic = `txn-${level.name.replace(' ', '-')}`
    const place = { topic, topicId: await createTopic(probe, topic, { partitions: 2 }) }
    const group = `${topic}-group`
    const producer = new Transactional(probe, topic, level)
    const addsItself = level.of(END_TXN) < endTxnOfVersion2
    const look_ = (/** @type {string} */ label) => look(probe, `${level.name}: ${label}`, topic)
    const offsets = (/** @type {string} */ label) =>
      probe.ask(`${level.name}: ${label}`, OFFSET_FETCH, 7, {
        groupId: group,
        topics: null,
        requireStable: true,
      })
    await producer.init()
    await producer.describe('describes after init')
    await producer.end('commits nothing', true)
    await producer.end('aborts nothing', false)
    await producer.settled()

    // Whatever the level, a client before KIP-890 may come; the others are sent without adding.
    await producer.addPartitions('adds a partition', [[topic, [0]]])
    await producer.addPartitions('adds it again, and another', [[topic, [0, 1]]])
    await producer.describe('describes while open')
    await look_('while empty')
    await producer.produce('produces', place, 0)
    await producer.produce('produces its duplicate', place, 0)
    await producer.produce('produces more', place, 2)
    await look_('while open')
    if (addsItself) await producer.addOffsets('adds a group', group)
    await producer.commitOffsets('commits an offset', group, [{}, { partitionIndex: 1, committedOffset: 0 }])
    await offsets('offsets while open')
    await producer.describe('describes with offsets')
    await producer.end('commits', true)
    await producer.settled()
    if (addsItself) {
      await producer.end('commits again', true)
      await producer.end('aborts what is committed', false)
    }
    await producer.describe('describes when committed')
    await offsets('offsets when committed')
    await look_('when committed')

    await producer.addPartitions('adds a partition to the next', [[topic, [0]]])
    const sequence = addsItself ? 4 : 0
    await producer.produce('produces in the next', place, sequence)
    if (addsItself) await producer.addOffsets('adds a group to the next', group)
    await producer.commitOffsets('commits another offset', group, [{ committedOffset: 17 }])
    await producer.end('aborts', false)
    await producer.settled()
    if (addsItself) {
      await producer.end('aborts again', false)
      await producer.end('commits what is aborted', true)
    }
    await producer.describe('describes when aborted')
    await offsets('offsets when aborted')
    await look_('when aborted')

    // A new producer of the id aborts what the last one left.
    await producer.addPartitions('adds a partition to the last', [[topic, [0]]])
    await producer.produce('produces in the last', place, addsItself ? 6 : 0)
    await producer.init()
    await producer.settled()
    await look_('when abandoned')
    await producer.describe('describes when abandoned')
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function refused(probe) {
  await awaitCoordinators(probe)
  for (const level of levels(probe, txnApis)) {
    const topic = `refused-${level.name.replace(' ', '-')}`
    await createTopic(probe, topic)
    const producer = new Transactional(probe, topic, level)
    await producer.init()
    const stranger = { producerId: producer.producerId + 1000 }
    const stale = { producerEpoch: producer.producerEpoch - 1 }
    const early = { producerEpoch: producer.producerEpoch + 1 }
    for (const [label, fields] of /** @type {[string, object][]} */ ([
      ['unknown id', { transactionalId: `${topic}-unknown` }],
      ['empty id', { transactionalId: '' }],
      ['other producer', stranger],
      ['stale epoch', stale],
      ['early epoch', early],
      ['no producer', { producerId: -1 }],
      ['no epoch', { producerEpoch: -1 }],
    ])) {
      await producer.addPartitions(`adds partitions, ${label}`, [[topic, [0]]], fields)
      await producer.addOffsets(`adds a group, ${label}`, 'refused', fields)
      await producer.commitOffsets(`commits offsets, ${label}`, `refused-${label}`, [{}], fields)
      await producer.end(`commits, ${label}`, true, fields)
      await producer.end(`aborts, ${label}`, false, fields)
    }
    await producer.init()
    await producer.addPartitions('unknown partition', [[topic, [0, 3]]])
    await producer.addPartitions('unknown topic', [['nowhere', [0]]])
    await producer.addPartitions('unknown and known', [
      ['nowhere', [0]],
      [topic, [0]],
    ])
    await producer.addPartitions('bad name', [['a b', [0]]])
    await producer.addPartitions('internal topic', [['__consumer_offsets', [0]]])
    await producer.addPartitions('no topics', [])
    await producer.addPartitions('no partitions', [[topic, []]])
    await producer.addPartitions('partition -1', [[topic, [-1]]])
    await producer.describe('describes after bad partitions')
    await producer.addOffsets('empty group', '')
    await producer.describe('describes after a bad group')
    await producer.commitOffsets('unknown partition of offsets', 'refused', [{ partitionIndex: 7 }, {}])
    await producer.commitOffsets('long metadata', 'refused', [{ committedMetadata: 'm'.repeat(5000) }])
    await producer.commitOffsets('no group', '', [{}])
    await producer.commitOffsets('no partitions of offsets', 'refused', [])
    if (level.of(TXN_OFFSET_COMMIT) >= 3) {
      await producer.commitOffsets('generation', 'refused', [{}], { generationId: 3, memberId: 'nobody' })
      await producer.commitOffsets('member', 'refused', [{}], { generationId: -1, memberId: 'nobody' })
      await producer.commitOffsets('instance', 'refused', [{}], {
        generationId: 3,
        memberId: 'm',
        groupInstanceId: 'i',
      })
    }
    await producer.end('aborts it all', false)
    await producer.settled()
    await producer.describe('describes in the end')
  }
  await probe.ask('unknown described', DESCRIBE_TRANSACTIONS, 0, {
    transactionalIds: ['nobody', 'nobody', ''],
  })
  await probe.ask('none described', DESCRIBE_TRANSACTIONS, 0, { transactionalIds: [] })
  const producers = (/** @type {string} */ label, /** @type {object[]} */ topics) =>
    probe.ask(`producers of ${label}`, DESCRIBE_PRODUCERS, 0, { topics })
  await producers('unknown topic', [{ name: 'nowhere', partitionIndexes: [0] }])
  await producers('unknown partition', [{ name: 'txn-input', partitionIndexes: [9, -1] }])
  await producers('bad name', [{ name: 'a b', partitionIndexes: [0] }])
  await producers('empty name', [{ name: '', partitionIndexes: [0] }])
  await producers('nothing', [])
}

/** AddPartitionsToTxn as brokers send it. @param {import('./kit.mjs').Probe} probe */
async function ofBrokers(probe) {
  await awaitCoordinators(probe)
  await createTopic(probe, 'of-brokers', { partitions: 2 })
  const last = levels(probe, txnApis).at(-1)
  if (!last) throw new Error('no versions')
  for (const version of probe.versions(ADD_PARTITIONS_TO_TXN).filter((each) => each > clientsAddPartitions)) {
    const first = new Transactional(probe, `of-brokers-${version}-a`, last)
    const second = new Transactional(probe, `of-brokers-${version}-b`, last)
    await first.init()
    await second.init()
    const entry = (
      /** @type {Transactional} */ { transactionalId, producerId, producerEpoch },
      fields = {},
    ) => ({
      transactionalId,
      producerId,
      producerEpoch,
      verifyOnly: true,
      topics: [{ name: 'of-brokers', partitions: [0] }],
      ...fields,
    })
    const ask = (/** @type {string} */ label, /** @type {object[]} */ entries) =>
      probe.ask(label, ADD_PARTITIONS_TO_TXN, version, { transactions: entries })
    await ask('verifies before', [entry(first)])
    await ask('adds', [entry(first, { verifyOnly: false })])
    await ask('verifies', [entry(first)])
    await ask('verifies another partition', [
      entry(first, { topics: [{ name: 'of-brokers', partitions: [0, 1] }] }),
    ])
    await ask('two', [entry(first), entry(second)])
    await ask('adds to two', [
      entry(first, { verifyOnly: false, topics: [{ name: 'of-brokers', partitions: [1] }] }),
      entry(second, { verifyOnly: false }),
    ])
    await ask('stale epoch', [entry(first, { producerEpoch: -1 })])
    await ask('early epoch', [entry(first, { producerEpoch: 50 })])
    await ask('other producer', [entry(first, { producerId: 99_999 })])
    await ask('unknown id', [entry(first, { transactionalId: 'nobody' })])
    await ask('empty id', [entry(first, { transactionalId: '' })])
    await ask('unknown topic', [entry(first, { topics: [{ name: 'nowhere', partitions: [0] }] })])
    await ask('adds an unknown topic', [
      entry(first, { verifyOnly: false, topics: [{ name: 'nowhere', partitions: [0] }] }),
    ])
    await ask('no topics', [entry(first, { topics: [] })])
    await ask('nothing', [])
    await first.end(`the first ends, ${version}`, true)
    await second.end(`the second ends, ${version}`, false)
    await first.settled()
    await second.settled()
    await ask('verifies what has ended', [entry(first)])
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function produces(probe) {
  await awaitCoordinators(probe)
  const last = levels(probe, txnApis).at(-1)
  if (!last) throw new Error('no versions')
  for (const version of probe.versions(PRODUCE).filter((each) => each >= 3)) {
    const topic = `txn-produce-${version}`
    const place = { topic, topicId: await createTopic(probe, topic, { partitions: 2 }) }
    const level = {
      name: `v${version}`,
      of: (/** @type {number} */ key) => (key === PRODUCE ? version : last.of(key)),
    }
    const producer = new Transactional(probe, topic, level)
    await producer.init()
    if (version < produceOfVersion2) {
      await producer.produce('without adding', place, 0)
      await producer.addPartitions('adds', [[topic, [0]]])
    }
    await producer.produce('plain', place, 0)
    await producer.produce('to a partition not added', place, 0, { partition: 1 })
    await producer.produce('without its id', place, 2, { transactionalId: null })
    await producer.produce('with another id', place, 2, { transactionalId: 'nobody' })
    await producer.produce('with an empty id', place, 2, { transactionalId: '' })
    await producer.produce('records outside of the transaction', place, 2, { isTransactional: false })
    await producer.produce('stale epoch', place, 2, { epoch: producer.producerEpoch - 1 })
    await producer.produce('out of sequence', place, 7)
    await producer.produce('more', place, 2)
    await look(probe, `v${version}: open`, topic)
    await producer.end('ends', true)
    await producer.settled()
    await producer.produce('after the end', place, 4)
    await look(probe, `v${version}: ended`, topic)
    // Last, because Apache Kafka 3.9 takes it, and can't end the transaction any more.
    const early = new Transactional(probe, `${topic}-early`, level)
    await early.init()
    if (version < produceOfVersion2) await early.addPartitions('adds for an early epoch', [[topic, [1]]])
    await early.produce('before an early epoch', place, 0, { partition: 1 })
    await early.produce('early epoch', place, 0, { partition: 1, epoch: early.producerEpoch + 1 })
    await probe.ask(
      `v${version}: id without a transaction`,
      PRODUCE,
      version,
      produceRequest(topic, batch(1), { topicId: place.topicId, transactionalId: topic }),
    )
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function timeouts(probe) {
  await awaitCoordinators(probe)
  const topic = 'txn-timeout'
  const place = { topic, topicId: await createTopic(probe, topic) }
  for (const level of levels(probe, txnApis)) {
    const producer = new Transactional(probe, `${topic}-${level.name}`, level)
    await producer.init({ transactionTimeoutMs: 300 })
    await producer.addPartitions('adds', [[topic, [0]]])
    await producer.produce('produces', place, 0)
    await producer.settled()
    await producer.describe('describes')
    await producer.produce('produces too late', place, 2)
    await producer.addPartitions('adds too late', [[topic, [0]]])
    await producer.addOffsets('adds offsets too late', 'late')
    await producer.end('commits too late', true)
    await producer.end('aborts too late', false)
    if (level.of(INIT_PRODUCER_ID) >= 3) {
      const { producerId, producerEpoch } = producer
      await producer.tellInit('bumps too late', { producerId, producerEpoch })
    }
    await producer.tellInit('starts anew')
  }
  await look(probe, 'in the end', topic)
}

/** @param {import('./kit.mjs').Probe} probe */
async function markers(probe) {
  await awaitCoordinators(probe)
  const last = levels(probe, txnApis).at(-1)
  if (!last) throw new Error('no versions')
  for (const version of probe.versions(WRITE_TXN_MARKERS)) {
    const topic = `txn-markers-${version}`
    const place = { topic, topicId: await createTopic(probe, topic, { partitions: 2 }) }
    const producer = new Transactional(probe, topic, last)
    await producer.init()
    await producer.addPartitions('adds', [[topic, [0]]]).catch(() => undefined)
    await producer.produce(`produces for ${version}`, place, 0)
    const marker = (/** @type {object} */ fields = {}) => ({
      producerId: producer.producerId,
      producerEpoch: producer.producerEpoch,
      transactionResult: false,
      coordinatorEpoch: 0,
      topics: [{ name: topic, partitionIndexes: [0] }],
      ...fields,
    })
    const ask = (/** @type {string} */ label, /** @type {object[]} */ entries) =>
      probe.ask(label, WRITE_TXN_MARKERS, version, { markers: entries })
    await ask('nothing', [])
    await ask('no topics', [marker({ topics: [] })])
    await ask('unknown partition', [marker({ topics: [{ name: topic, partitionIndexes: [5] }] })])
    await ask('unknown topic', [marker({ topics: [{ name: 'nowhere', partitionIndexes: [0] }] })])
    await ask('stale epoch', [marker({ producerEpoch: producer.producerEpoch - 1 })])
    await ask('negative epoch', [marker({ producerEpoch: -1 })])
    await ask('unknown producer', [
      marker({ producerId: 77_777, topics: [{ name: topic, partitionIndexes: [1] }] }),
    ])
    await ask('later coordinator', [marker({ coordinatorEpoch: 5 })])
    await look(probe, `aborted by ${version}`, topic)
    await ask('earlier coordinator', [marker({ coordinatorEpoch: 3 })])
    await ask('no transaction is open', [marker({ coordinatorEpoch: 5 })])
    await ask('later epoch', [marker({ coordinatorEpoch: 5, producerEpoch: producer.producerEpoch + 1 })])
    await ask('two markers', [
      marker({ coordinatorEpoch: 6, producerEpoch: producer.producerEpoch + 1 }),
      marker({
        producerId: 77_777,
        transactionResult: true,
        topics: [{ name: topic, partitionIndexes: [0, 1] }],
      }),
    ])
    await look(probe, `in the end of ${version}`, topic)
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function listed(probe) {
  await awaitCoordinators(probe)
  const topic = 'txn-listed'
  await createTopic(probe, topic)
  const first = levels(probe, txnApis)[0]
  if (!first) throw new Error('no versions')
  const [open, ended, fresh] = ['open', 'ended', 'fresh'].map(
    (name) => new Transactional(probe, `listed-${name}`, first),
  )
  if (!open || !ended || !fresh) throw new Error('no producers')
  for (const each of [open, ended, fresh]) await each.init()
  await open.addPartitions('adds to the open one', [[topic, [0]]])
  await ended.addPartitions('adds to the other', [[topic, [0]]])
  await ended.end('ends the other', true)
  await ended.settled()
  for (const version of probe.versions(LIST_TRANSACTIONS)) {
    const ask = async (/** @type {string} */ label, /** @type {object} */ fields) => {
      const outcome = await probe.peer.call(LIST_TRANSACTIONS, version, {
        stateFilters: [],
        producerIdFilters: [],
        ...fields,
      })
      // What other cases left depends on which were chosen.
      if ('response' in outcome) {
        outcome.response.transactionStates = outcome.response.transactionStates.filter(
          (/** @type {any} */ each) => each.transactionalId.startsWith('listed-'),
        )
      }
      probe.note(`${label} v${version}`, outcome, false)
    }
    await ask('all', {})
    for (const stateFilters of [
      ['Ongoing'],
      ['Empty', 'CompleteCommit'],
      ['ongoing'],
      ['nonsense'],
      ['nonsense', 'Ongoing'],
      [''],
    ])
      await ask(`states ${stateFilters}`, { stateFilters })
    await ask('producer', { producerIdFilters: [open.producerId] })
    await ask('two producers', { producerIdFilters: [open.producerId, fresh.producerId] })
    await ask('unknown producer', { producerIdFilters: [987_654_321] })
    await ask('producer in another state', { producerIdFilters: [open.producerId], stateFilters: ['Empty'] })
    if (version < 1) continue
    for (const durationFilter of [0, 1, 60_000, -2, 2 ** 40])
      await ask(`longer than ${durationFilter}`, { durationFilter })
    if (version < 2) continue
    for (const transactionalIdPattern of ['listed-.*', 'listed-o', '.*open', '', '(', 'nobody'])
      await ask(`pattern "${transactionalIdPattern}"`, { transactionalIdPattern })
  }
  await open.end('ends the open one', false)
}
