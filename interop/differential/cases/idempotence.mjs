/** InitProducerId, and what sequences and epochs do to Produce. */
import { batch } from '../records.mjs'
import { createTopic, FETCH, fetchRequest, INIT_PRODUCER_ID, PRODUCE, produceRequest } from './kit.mjs'

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'producer ids', run: producerIds },
  { name: 'sequences', run: sequences },
]

/** @param {import('./kit.mjs').Probe} probe */
async function producerIds(probe) {
  await newProducerId(probe)
  for (const version of probe.versions(INIT_PRODUCER_ID)) {
    const init = (/** @type {string} */ label, /** @type {object} */ fields) =>
      probe.ask(label, INIT_PRODUCER_ID, version, {
        transactionalId: null,
        transactionTimeoutMs: 60_000,
        ...fields,
      })
    await init('idempotent', {})
    await init('idempotent, timeout 0', { transactionTimeoutMs: 0 })
    await init('idempotent, timeout -1', { transactionTimeoutMs: -1 })
    await init('empty transactional id', { transactionalId: '' })
    if (version < 3) continue
    await init('known id', { producerId: 5, producerEpoch: 3 })
    await init('id without epoch', { producerId: 5, producerEpoch: -1 })
    await init('epoch without id', { producerId: -1, producerEpoch: 3 })
    await init('epoch -2', { producerId: 5, producerEpoch: -2 })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function sequences(probe) {
  for (const version of probe.versions(PRODUCE).filter((each) => each >= 3)) {
    const topic = `sequences-${version}`
    const topicId = await createTopic(probe, topic)
    const { producerId } = await probe.quietly(INIT_PRODUCER_ID, 0, {
      transactionalId: null,
      transactionTimeoutMs: 60_000,
    })
    const id = Number(producerId)
    const put = (
      /** @type {string} */ label,
      /** @type {number} */ baseSequence,
      { count = 1, epoch = 0, producer = id } = {},
    ) =>
      probe.ask(
        label,
        PRODUCE,
        version,
        produceRequest(topic, batch(count, { producerId: producer, producerEpoch: epoch, baseSequence }), {
          topicId,
        }),
      )
    await put('unknown producer starts at 5', 5, { producer: id + 500 })
    await put('unknown producer goes on at 6', 6, { producer: id + 500 })
    await put('first', 0, { count: 2 })
    for (let i = 0; i < 6; i++) await put(`next ${i}`, 2 + i * 2, { count: 2 })
    await put('duplicate of the last', 12, { count: 2 })
    await put('duplicate of the fifth last', 4, { count: 2 })
    await put('duplicate out of the window', 2, { count: 2 })
    await put('duplicate of the very first', 0, { count: 2 })
    await put('part of the last', 12, { count: 1 })
    await put('last and one more', 12, { count: 3 })
    await put('gap', 15)
    await put('far back', 1)
    await put('new epoch, not at 0', 3, { epoch: 1 })
    await put('new epoch', 0, { epoch: 1 })
    await put('old epoch', 14, { epoch: 0 })
    await put('old epoch, old sequence', 12, { count: 2, epoch: 0 })
    await put('epoch far ahead', 0, { epoch: 30000 })
    await put('sequence -2', -2, { epoch: 30000 })
    await put('highest sequence of another', 0x7fffffff, { producer: id + 501 })
    await put('wraps', 0, { producer: id + 501 })
    await put('wraps within', 0x7ffffffe, { producer: id + 502, count: 4 })
    await put('after wrapping', 2, { producer: id + 502 })
    await probe.ask('mixed with plain', PRODUCE, version, produceRequest(topic, batch(1), { topicId }))
    await put('compressed too', 1, { epoch: 30000, count: 3 })
    await probe.ask(`read back of ${version}`, FETCH, 11, fetchRequest(topic, [{}]))
  }
}

/** Asks until there is one: a broker that has just started may have none yet. @param {import('./kit.mjs').Probe} probe */
async function newProducerId(probe) {
  for (;;) {
    const { producerId } = await probe.quietly(INIT_PRODUCER_ID, 0, {
      transactionalId: null,
      transactionTimeoutMs: 60_000,
    })
    if (Number(producerId) >= 0) return Number(producerId)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
