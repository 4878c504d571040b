import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { DelayedOperation, Purgatory } from './purgatory.ts'

class Operation extends DelayedOperation {
  readonly name: string
  readonly log: string[]
  isReady = false
  tries = 0
  whenComplete: () => void = () => {}

  constructor(name: string, delayMs: number, log: string[]) {
    super(delayMs)
    this.name = name
    this.log = log
  }

  override tryComplete(): boolean {
    this.tries += 1
    return this.isReady && this.forceComplete()
  }

  override onComplete(): void {
    this.log.push(`${this.name} complete`)
    this.whenComplete()
  }

  override onExpiration(): void {
    this.log.push(`${this.name} expired`)
  }
}

function kit() {
  const clock = new SimClock()
  const log: string[] = []
  const purgatory = new Purgatory<Operation>(clock)
  const make = (name: string, delayMs = 1000): Operation => new Operation(name, delayMs, log)
  return { clock, log, purgatory, make }
}

function assertEmpty(purgatory: Purgatory<Operation>): void {
  assert.equal(purgatory.waitingCount, 0)
  assert.equal(purgatory.watchedKeyCount, 0)
}

test('what can be completed at once does not wait', () => {
  const { purgatory, make, log } = kit()
  const operation = make('a')
  operation.isReady = true
  assert.ok(purgatory.tryCompleteElseWatch(operation, ['k']))
  assert.deepEqual(log, ['a complete'])
  assertEmpty(purgatory)
})

test('an operation waits until a check of one of its keys finds it ready, and is then nowhere', () => {
  const { purgatory, make, log, clock } = kit()
  const partition = { topic: 't' }
  const operation = make('a')
  assert.ok(!purgatory.tryCompleteElseWatch(operation, ['k', partition]))
  purgatory.checkAndComplete('k')
  purgatory.checkAndComplete('other')
  purgatory.checkAndComplete({ topic: 't' })
  assert.deepEqual(log, [])
  assert.equal(operation.tries, 2)
  assert.equal(purgatory.watchedCount(partition), 1)
  operation.isReady = true
  purgatory.checkAndComplete(partition)
  assert.deepEqual(log, ['a complete'])
  assertEmpty(purgatory)
  clock.advance(5000)
  assert.deepEqual(log, ['a complete'])
})

test('keys under which nobody waits any more do not pile up, and those of the others stay', () => {
  const { purgatory, make } = kit()
  const lasting = make('lasting')
  purgatory.tryCompleteElseWatch(lasting, ['kept'])
  for (let index = 0; index < 1000; index++) {
    const operation = make('a')
    purgatory.tryCompleteElseWatch(operation, [`group ${index}`, 'shared'])
    operation.forceComplete()
    assert.ok(purgatory.listCount < 150, `${purgatory.listCount} lists`)
    assert.equal(purgatory.watchedKeyCount, 1)
  }
  lasting.isReady = true
  purgatory.checkAndComplete('kept')
  assert.ok(lasting.isCompleted)
  assertEmpty(purgatory)
})

test('operations of a key are completed in the order in which they came', () => {
  const { purgatory, make, log } = kit()
  const operations = ['a', 'b', 'c'].map((name) => make(name))
  for (const operation of operations) purgatory.tryCompleteElseWatch(operation, ['k'])
  operations[0]!.isReady = true
  operations[2]!.isReady = true
  purgatory.checkAndComplete('k')
  assert.deepEqual(log, ['a complete', 'c complete'])
  assert.equal(purgatory.watchedCount('k'), 1)
})

test('an operation expires after its delay and not before', () => {
  const { purgatory, make, log, clock } = kit()
  purgatory.tryCompleteElseWatch(make('a', 500), ['k'])
  purgatory.tryCompleteElseWatch(make('b', 5000.5), ['k'])
  clock.advance(499)
  assert.deepEqual(log, [])
  clock.advance(1)
  assert.deepEqual(log, ['a complete', 'a expired'])
  clock.advance(4500)
  assert.equal(log.length, 2)
  clock.advance(1)
  assert.deepEqual(log.slice(2), ['b complete', 'b expired'])
  assertEmpty(purgatory)
})

test('without a delay an operation expires at once; with an infinite one it never does', () => {
  const { purgatory, make, log, clock } = kit()
  assert.ok(purgatory.tryCompleteElseWatch(make('a', 0), ['k']))
  assert.deepEqual(log, ['a complete', 'a expired'])
  purgatory.tryCompleteElseWatch(make('b', Number.POSITIVE_INFINITY), ['k'])
  clock.advance(1e9)
  assert.equal(purgatory.waitingCount, 1)
  assert.equal(clock.pendingTimerCount, 0)
})

test('a completion that causes checks does not nest: they run when it is done', () => {
  const { purgatory, make, log } = kit()
  const depthMax = 10_000
  const operations = Array.from({ length: depthMax }, (_, index) => make(String(index)))
  let running = 0
  operations.forEach((operation, index) => {
    operation.isReady = index > 0
    operation.whenComplete = () => {
      running += 1
      assert.equal(running, 1, 'completions do not nest')
      purgatory.checkAndComplete(index + 1)
      running -= 1
    }
  })
  // Ready ones would complete at once, so they become ready only while they wait.
  for (const operation of operations) operation.isReady = false
  for (const [index, operation] of operations.entries()) purgatory.tryCompleteElseWatch(operation, [index])
  for (const operation of operations) operation.isReady = true
  purgatory.checkAndComplete(0)
  assert.equal(log.length, depthMax)
  assertEmpty(purgatory)
})

test('an operation that starts to wait during a check of its key is not tried again by it', () => {
  const { purgatory, make } = kit()
  const first = make('first')
  const later = make('later')
  first.whenComplete = () => purgatory.tryCompleteElseWatch(later, ['k'])
  purgatory.tryCompleteElseWatch(first, ['k'])
  first.isReady = true
  purgatory.checkAndComplete('k')
  assert.equal(later.tries, 1)
  assert.equal(purgatory.watchedCount('k'), 1)
})

test('everything that waits can be completed at once', () => {
  const { purgatory, make, log } = kit()
  for (const name of ['a', 'b', 'c']) purgatory.tryCompleteElseWatch(make(name), [name, 'all'])
  purgatory.completeAll()
  assert.deepEqual(log, ['a complete', 'b complete', 'c complete'])
  assertEmpty(purgatory)
})

test('any mix of waiting, completing and expiring completes each operation once, on time', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { purgatory, make, log, clock } = kit()
    const random = new SimRandom(seed)
    const waiting = new Map<Operation, number>()
    let made = 0
    for (let round = 0; round < 400; round++) {
      const operation = make(String(made++), 1 + random.below(4000) + random.below(10) / 10)
      const endMs = clock.monotonicMs() + operation.delayMs
      operation.whenComplete = () => waiting.delete(operation)
      operation.onExpiration = () => assert.ok(clock.monotonicMs() >= endMs, `seed ${seed}: too early`)
      waiting.set(operation, endMs)
      purgatory.tryCompleteElseWatch(operation, [`key ${random.below(20)}`, `key ${random.below(20)}`])
      for (const candidate of waiting.keys()) if (random.oneIn(10)) candidate.isReady = true
      purgatory.checkAndComplete(`key ${random.below(20)}`)
      clock.advance(random.below(3) * random.below(40))
      for (const dueMs of waiting.values())
        assert.ok(dueMs > clock.monotonicMs() - 1, `seed ${seed}: too late`)
      assert.equal(purgatory.waitingCount, waiting.size)
    }
    clock.advance(5000)
    assert.equal(log.length, made)
    assertEmpty(purgatory)
  }
})
