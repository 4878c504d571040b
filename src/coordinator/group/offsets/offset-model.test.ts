import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { SimRandom } from '../../../simulator/sim-random.ts'
import { OffsetBench, offsetsOf, RETENTION_MS } from './offset-bench.test.kit.ts'
import type { OffsetManager } from './offset-manager.ts'
import { offsetTombstone } from './offset-records.ts'

/**
 * Random histories against a model that is as plain as can be: two lists of written offsets. After every step both say
 * the same, and what is read from any part of the log is what the manager said when the log ended there.
 */
interface Written {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly metadata: string
  readonly atMs: number
  readonly expiresAtMs: number | undefined
  readonly recordOffset: number
}

class Model {
  committed: Written[] = []
  pending: (Written & { readonly producerId: number })[] = []

  commit(written: Written): void {
    this.committed = this.committed.filter((each) => !isSame(each, written))
    this.committed.push(written)
  }

  stage(written: Written, producerId: number): void {
    this.pending = this.pending.filter((each) => !(isSame(each, written) && each.producerId === producerId))
    this.pending.push({ ...written, producerId })
  }

  end(producerId: number, isCommit: boolean): void {
    const ended = this.pending.filter((each) => each.producerId === producerId)
    this.pending = this.pending.filter((each) => each.producerId !== producerId)
    if (!isCommit) return
    for (const { producerId: _, ...written } of ended) {
      const present = this.committed.find((each) => isSame(each, written))
      if (present === undefined || present.recordOffset < written.recordOffset) this.commit(written)
    }
  }

  remove(doomed: (written: Written) => boolean): void {
    this.committed = this.committed.filter((each) => !doomed(each))
    this.pending = this.pending.filter((each) => !doomed(each))
  }

  expire(nowMs: number): void {
    this.committed = this.committed.filter(
      (each) =>
        nowMs < (each.expiresAtMs ?? each.atMs + RETENTION_MS) ||
        this.pending.some((other) => isSame(other, each)),
    )
  }

  state(groupId: string, requireStable: boolean): string {
    return this.committed
      .filter((each) => each.groupId === groupId)
      .map((each) => {
        const name = `${each.topic}-${each.partition}`
        const isUnstable = requireStable && this.pending.some((other) => isSame(other, each))
        if (isUnstable) return `${name}!${ErrorCode.UNSTABLE_OFFSET_COMMIT}`
        return `${name}=${each.offset}${each.metadata === '' ? '' : `(${each.metadata})`}`
      })
      .sort()
      .join(' ')
  }

  hasPending(groupId: string): boolean {
    return this.pending.some((each) => each.groupId === groupId)
  }
}

function isSame(a: Written, b: Written): boolean {
  return a.groupId === b.groupId && a.topic === b.topic && a.partition === b.partition
}

const GROUPS = ['a', 'b', 'c']
const TOPICS = ['t', 'u']
const PARTITIONS = 4
const PRODUCERS = 3

function stateOf(manager: OffsetManager): string {
  return GROUPS.map(
    (groupId) =>
      `${offsetsOf(manager, groupId)} | ${offsetsOf(manager, groupId, true)} | ${manager.hasPending(groupId)}`,
  ).join('\n')
}

function modelState(model: Model): string {
  return GROUPS.map(
    (groupId) =>
      `${model.state(groupId, false)} | ${model.state(groupId, true)} | ${model.hasPending(groupId)}`,
  ).join('\n')
}

class History {
  readonly #random: SimRandom
  readonly #bench = new OffsetBench()
  readonly #model = new Model()
  /** What the manager said when the log had so many entries. */
  readonly states = new Map<number, string>()
  readonly steps: string[] = []

  constructor(seed: number) {
    this.#random = new SimRandom(seed)
  }

  run(stepCount: number): void {
    for (let i = 0; i < stepCount; i++) {
      this.#step()
      const state = stateOf(this.#bench.manager)
      assert.equal(state, modelState(this.#model))
      this.states.set(this.#bench.log.length, state)
    }
    for (const [entryCount, state] of this.states) {
      assert.equal(stateOf(this.#bench.replayed(entryCount)), state, `the first ${entryCount} entries`)
    }
  }

  #step(): void {
    const random = this.#random
    const groupId = this.#pick(GROUPS)
    const kind = random.below(20)
    if (kind < 6) this.#commit(groupId)
    else if (kind < 10) this.#commitTransactional(groupId)
    else if (kind < 13) this.#end()
    else if (kind < 15) this.#delete(groupId)
    else if (kind < 16) this.#deleteGroup(groupId)
    else if (kind < 17) this.#deleteTopic()
    else if (kind < 19) this.#expire()
    else this.#reload()
  }

  #reload(): void {
    this.steps.push('reload')
    this.#bench.reload()
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!
  }

  #written(groupId: string, count: number, expiresAtMs: number | undefined): Written[] {
    return Array.from({ length: count }, (_, i) => ({
      groupId,
      topic: this.#pick(TOPICS),
      partition: this.#random.below(PARTITIONS),
      offset: this.#random.below(1000),
      metadata: this.#random.oneIn(3) ? `m${this.#random.below(10)}` : '',
      atMs: this.#bench.clock.nowMs(),
      expiresAtMs,
      recordOffset: this.#bench.log.length + i,
    }))
  }

  #commit(groupId: string): void {
    const retentionTimeMs = this.#random.oneIn(4) ? this.#random.below(2 ** 31) : -1
    const expiresAtMs = retentionTimeMs === -1 ? undefined : this.#bench.clock.nowMs() + retentionTimeMs
    const written = this.#written(groupId, 1 + this.#random.below(3), expiresAtMs)
    this.steps.push(`commit ${JSON.stringify(written)}`)
    this.#bench.commit(groupId, written, { retentionTimeMs, apiVersion: 2 })
    for (const each of written) this.#model.commit(each)
  }

  #commitTransactional(groupId: string): void {
    const producerId = this.#random.below(PRODUCERS)
    const written = this.#written(groupId, 1 + this.#random.below(3), undefined)
    this.steps.push(`stage by ${producerId} ${JSON.stringify(written)}`)
    this.#bench.commitTransactional(groupId, producerId, written)
    for (const each of written) this.#model.stage(each, producerId)
  }

  #end(): void {
    const producerId = this.#random.below(PRODUCERS)
    const isCommit = !this.#random.oneIn(3)
    this.steps.push(`end ${producerId} ${isCommit}`)
    this.#bench.end(producerId, isCommit)
    this.#model.end(producerId, isCommit)
  }

  #delete(groupId: string): void {
    const topic = this.#pick(TOPICS)
    const partition = this.#random.below(PARTITIONS)
    this.steps.push(`delete ${groupId} ${topic}-${partition}`)
    this.#bench.apply(this.#bench.manager.delete({ groupId, partitions: [{ topic, partition }] }))
    this.#model.remove(
      (each) => each.groupId === groupId && each.topic === topic && each.partition === partition,
    )
  }

  #deleteGroup(groupId: string): void {
    this.steps.push(`delete ${groupId}`)
    this.#bench.apply({ records: this.#bench.manager.tombstonesOfGroup(groupId), response: undefined })
    this.#model.remove((each) => each.groupId === groupId)
  }

  #deleteTopic(): void {
    const topic = this.#pick(TOPICS)
    const gone = new Map([[topic, new Set([0, 2])]])
    this.steps.push(`delete ${topic}-0 ${topic}-2`)
    const { lastRecordOffset } = this.#bench.manager
    for (let isDone = false; !isDone; ) {
      const records = this.#bench.manager.tombstonesOfPartitions(gone, { countMax: 2, lastRecordOffset })
      this.#bench.apply({ records, response: undefined })
      isDone = records.length < 2
    }
    this.#model.remove((each) => each.topic === topic && each.partition % 2 === 0)
  }

  #expire(): void {
    this.#bench.clock.advance(this.#random.below(RETENTION_MS / 2))
    this.steps.push('expire')
    for (const group of this.#bench.groups.values()) {
      const records = this.#bench.manager.expired(group, 1000).map(offsetTombstone)
      this.#bench.apply({ records, response: undefined })
    }
    this.#model.expire(this.#bench.clock.nowMs())
  }
}

const SEEDS = Number(process.env.SIM_SEEDS ?? 40)
const FIRST_SEED = Number(process.env.SIM_SEED ?? 1)
const STEPS = 150

test('any history leaves what a plain model holds, and any part of its log what was true there', () => {
  const count = process.env.SIM_SEED === undefined ? SEEDS : 1
  for (let seed = FIRST_SEED; seed < FIRST_SEED + count; seed++) {
    const history = new History(seed)
    try {
      history.run(STEPS)
    } catch (error) {
      const last = history.steps.slice(-12).join('\n')
      throw new Error(`seed ${seed} (replay with SIM_SEED=${seed}), after\n${last}`, { cause: error })
    }
  }
})
