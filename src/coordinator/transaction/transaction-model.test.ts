/**
 * Producers that come, go, crash and time out at random, on a coordinator that restarts, over a log that refuses and
 * loses records, and with markers that fail. What must hold whatever happens:
 *
 * - Every record is a transition that is allowed, and epochs never go back.
 * - No two producers were given the same name.
 * - A producer that another has replaced gets nothing done any more.
 * - A transaction that was answered as committed has no abort marker, and one that was aborted no commit marker; once all
 *   is calm each of its partitions has a marker, and no end is under way.
 * - What a restarted coordinator knows is what the one before knew.
 *
 * SEEDS=1000 runs more of it, SEED=17 one of them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { SimRandom } from '../../simulator/sim-random.ts'
import { TransactionLab } from './transaction-lab.test.kit.ts'
import { partitionList, type TransactionMetadata } from './transaction-metadata.ts'

const SEEDS = Number(process.env.SEEDS ?? 30)
const STEPS = 150

const PREDECESSORS: Readonly<Record<string, readonly string[]>> = {
  Empty: ['none', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  Ongoing: ['Empty', 'Ongoing', 'CompleteCommit', 'CompleteAbort'],
  // Written again where it was not known to be replicated.
  PrepareCommit: ['Ongoing', 'PrepareCommit'],
  PrepareAbort: ['Ongoing', 'PrepareAbort', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  CompleteCommit: ['PrepareCommit'],
  CompleteAbort: ['PrepareAbort'],
  none: ['Empty', 'CompleteCommit', 'CompleteAbort'],
}

/** A process that took the transactional id for itself, and what it believes. */
interface Producer {
  readonly transactionalId: string
  /** How many took the id before it. */
  readonly generation: number
  readonly version: 0 | 2
  producerId: number
  producerEpoch: number
  /** Set when it was told that it is fenced. */
  isOver: boolean
}

class Run {
  readonly #random: SimRandom
  readonly #lab: TransactionLab
  readonly #producers: Producer[] = []
  readonly #generations = new Map<string, number>()
  /** By name, who was given it. */
  readonly #given = new Map<string, Producer>()
  /** Outcomes that were answered, by the identity that the markers carry and the start of the transaction. */
  readonly #promised = new Map<string, boolean>()
  /** Ends that a producer asked for, by the same, with the outcome. */
  readonly #asked = new Set<string>()

  constructor(random: SimRandom, lab: TransactionLab) {
    this.#random = random
    this.#lab = lab
  }

  async step(): Promise<void> {
    const { log, sender } = this.#lab
    switch (this.#random.below(17)) {
      case 0:
      case 1:
        return this.#newProducer()
      case 2:
        return this.#withProducer((producer) => this.#goOn(producer))
      case 3:
      case 4:
      case 5:
      case 6:
      case 7:
        return this.#withProducer((producer) => this.#add(producer))
      case 8:
      case 9:
      case 10:
        return this.#withProducer((producer) => this.#end(producer))
      case 11:
        return this.#lab.advance(this.#random.below(8000))
      case 12:
        sender.nextErrors.push(
          this.#random.oneIn(2) ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.NOT_ENOUGH_REPLICAS,
        )
        return
      case 13:
        sender.holds = !sender.holds
        if (!sender.holds) sender.answer()
        return this.#lab.settle()
      case 14:
        return this.#withProducer((producer) => this.#endUnsafely(producer))
      case 15:
        log.refusal = log.refusal === ErrorCode.NONE ? ErrorCode.NOT_ENOUGH_REPLICAS : ErrorCode.NONE
        return
      default:
        return this.#restart()
    }
  }

  /** All obstacles are taken away; then every end gets through. */
  async calm(): Promise<void> {
    const { log, sender } = this.#lab
    log.refusal = ErrorCode.NONE
    sender.holds = false
    sender.nextErrors.length = 0
    sender.answer()
    await this.#lab.advance(40_000)
  }

  async #newProducer(): Promise<void> {
    const transactionalId = `id-${this.#random.below(3)}`
    const answer = await this.#lab.result(
      this.#lab.coordinator.initProducerId({ transactionalId, timeoutMs: 10_000, expected: undefined }),
    )
    if (answer.errorCode !== ErrorCode.NONE) return
    const generation = (this.#generations.get(transactionalId) ?? 0) + 1
    this.#generations.set(transactionalId, generation)
    const { producerId, producerEpoch } = answer
    const version = this.#random.oneIn(2) ? 0 : 2
    const producer: Producer = {
      transactionalId,
      generation,
      version,
      producerId,
      producerEpoch,
      isOver: false,
    }
    this.#producers.push(producer)
    this.#give(producer, answer)
  }

  async #goOn(producer: Producer): Promise<void> {
    const { transactionalId } = producer
    const { producerId, producerEpoch } = producer
    const answer = await this.#lab.result(
      this.#lab.coordinator.initProducerId({
        transactionalId,
        timeoutMs: 10_000,
        expected: { producerId, producerEpoch },
      }),
    )
    if (this.#isRefused(producer, answer.errorCode)) return
    this.#give(producer, answer)
  }

  async #add(producer: Producer): Promise<void> {
    const partition = this.#random.below(3)
    const errorCode = await this.#lab.result(
      this.#lab.coordinator.addPartitions({
        ...producer,
        partitions: [{ topic: 't', partition }],
        clientTransactionVersion: producer.version,
      }),
    )
    this.#isRefused(producer, errorCode)
  }

  async #end(producer: Producer, whileUnsafe?: () => Promise<void>): Promise<void> {
    const { transactionalId, version } = producer
    const isCommit = !this.#random.oneIn(3)
    const before = await this.#described(transactionalId)
    this.#lab.log.holds = whileUnsafe !== undefined
    const ended = this.#lab.coordinator.endTransaction({
      ...producer,
      isCommit,
      clientTransactionVersion: version,
    })
    const markedEpoch = producer.producerEpoch + version / 2
    const key = `${producer.producerId}/${markedEpoch}/${before?.transactionStartTimeMs}`
    this.#asked.add(`${key} ${isCommit}`)
    await whileUnsafe?.()
    const answer = await this.#lab.result(ended)
    if (this.#isRefused(producer, answer.errorCode)) return
    if (before?.transactionState === 'Ongoing') this.#promised.set(key, isCommit)
    if (version === 2) this.#give(producer, answer)
  }

  /** The log takes its time, and then may not have what it took. */
  async #endUnsafely(producer: Producer): Promise<void> {
    const { log, sender } = this.#lab
    const isOpen = (await this.#described(producer.transactionalId))?.transactionState === 'Ongoing'
    await this.#end(producer, async () => {
      const sentBefore = sender.sent.length
      await this.#lab.settle()
      const sent = sender.sent
        .slice(sentBefore)
        .filter(({ producerId }) => producerId === producer.producerId)
      if (isOpen) assert.deepEqual(sent, [], 'markers were sent for what is not safe')
      log.holds = false
      const codes = [ErrorCode.NONE, ErrorCode.REQUEST_TIMED_OUT, ErrorCode.KAFKA_STORAGE_ERROR]
      log.settle(codes[this.#random.below(3)])
    })
    // Where records were lost, the log is read anew after a pause.
    await this.#lab.advance(1500)
  }

  /** Of a producer that another has replaced, nothing may get through. */
  #isRefused(producer: Producer, errorCode: number): boolean {
    if (errorCode === ErrorCode.NONE)
      assert.equal(
        producer.generation,
        this.#generations.get(producer.transactionalId),
        'a zombie was served',
      )
    if (errorCode === ErrorCode.PRODUCER_FENCED || errorCode === ErrorCode.INVALID_PRODUCER_ID_MAPPING)
      producer.isOver = true
    return errorCode !== ErrorCode.NONE
  }

  #give(producer: Producer, name: { producerId: number; producerEpoch: number }): void {
    const { producerId, producerEpoch } = name
    const holder = this.#given.get(`${producerId}/${producerEpoch}`)
    assert.ok(holder === undefined || holder === producer, 'a name was given to two producers')
    this.#given.set(`${producerId}/${producerEpoch}`, producer)
    Object.assign(producer, { producerId, producerEpoch })
  }

  async #withProducer(act: (producer: Producer) => Promise<void>): Promise<void> {
    const living = this.#producers.filter(({ isOver }) => !isOver)
    if (living.length > 0) await act(living[this.#random.below(living.length)]!)
  }

  async #restart(): Promise<void> {
    const before = await this.#listed()
    await this.#lab.restart()
    // Ends under way may have got on in between.
    const after = await this.#listed()
    for (const [transactionalId, state] of before)
      if (!state.startsWith('Prepare')) assert.equal(after.get(transactionalId), state)
    assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort())
  }

  async #listed(): Promise<Map<string, string>> {
    const filter = { stateNames: [], producerIds: [], durationMs: -1 }
    const { transactions } = await this.#lab.result(this.#lab.coordinator.list(filter))
    const shown = transactions.map((metadata): [string, string] => [
      metadata.transactionalId,
      `${metadata.state} ${JSON.stringify({ ...metadata, partitions: partitionList(metadata.partitions) })}`,
    ])
    return new Map(shown)
  }

  async #described(transactionalId: string) {
    const described = await this.#lab.result(this.#lab.coordinator.describe(transactionalId))
    return described.errorCode === ErrorCode.NONE ? described : undefined
  }

  /** Of the whole log, and of all markers that were ever sent. */
  check(): void {
    const marked = new Map<string, Set<boolean>>()
    const last = new Map<string, TransactionMetadata>()
    for (const { transactionalId, metadata } of this.#lab.recordsFrom(0)) {
      const before = last.get(transactionalId)
      assert.ok(PREDECESSORS[metadata?.state ?? 'none']!.includes(before?.state ?? 'none'))
      if (metadata === undefined) {
        last.delete(transactionalId)
        continue
      }
      if (before?.producerId === metadata.producerId)
        assert.ok(metadata.producerEpoch >= before.producerEpoch, 'an epoch went back')
      last.set(transactionalId, metadata)
      if (metadata.state.startsWith('Prepare')) {
        const key = `${metadata.producerId}/${metadata.producerEpoch}/${metadata.startTimestampMs}`
        const outcomes = marked.get(key) ?? new Set()
        const isCommit = metadata.state === 'PrepareCommit'
        marked.set(key, outcomes.add(isCommit))
        if (before?.producerEpoch === metadata.producerEpoch && before.state === 'Ongoing')
          assert.ok(this.#asked.has(`${key} ${isCommit}`), 'nobody asked for an end, and the epoch stays')
      }
    }
    for (const [key, isCommit] of this.#promised)
      assert.deepEqual(
        [...(marked.get(key) ?? [])],
        [isCommit],
        `the end of ${key} is not as it was promised`,
      )
    this.#checkMarkers()
    for (const { state } of last.values())
      assert.ok(!state.startsWith('Prepare'), 'an end is still under way')
  }

  /** Each completed transaction has its markers, of its outcome, in each of its partitions. */
  #checkMarkers(): void {
    const written = new Set(
      this.#lab.sender.sent.flatMap(({ producerId, producerEpoch, isCommit, partitions }) =>
        partitions.map(({ partition }) => `${producerId}/${producerEpoch} ${isCommit} ${partition}`),
      ),
    )
    const needed = new Set<string>()
    for (const { metadata } of this.#lab.recordsFrom(0)) {
      if (metadata === undefined || !metadata.state.startsWith('Prepare')) continue
      const isCommit = metadata.state === 'PrepareCommit'
      for (const { partition } of partitionList(metadata.partitions))
        needed.add(`${metadata.producerId}/${metadata.producerEpoch} ${isCommit} ${partition}`)
    }
    assert.deepEqual([...written].sort(), [...needed].sort())
  }
}

/** @returns how many markers were sent. */
async function run(seed: number): Promise<number> {
  const random = new SimRandom(seed)
  const lab = await TransactionLab.start({ 'transaction.max.timeout.ms': '20000' })
  const one = new Run(random, lab)
  for (let step = 0; step < STEPS; step++) {
    await one.step()
    // No two transactions start at once: they are told apart by that.
    await lab.advance(1)
  }
  await one.calm()
  one.check()
  return lab.sender.sent.length
}

const seeds = process.env.SEED ? [Number(process.env.SEED)] : Array.from({ length: SEEDS }, (_, i) => i + 1)

test('whatever happens, transactions end as they were promised, and zombies get nothing done', async () => {
  let markerCount = 0
  for (const seed of seeds) {
    try {
      markerCount += await run(seed)
    } catch (error) {
      throw new Error(`seed ${seed}: SEED=${seed} node --test ${import.meta.filename}`, { cause: error })
    }
  }
  assert.ok(markerCount > seeds.length, 'hardly any transaction ended')
})
