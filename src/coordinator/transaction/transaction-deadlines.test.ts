import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimRandom } from '../../simulator/sim-random.ts'
import { TransactionDeadlines } from './transaction-deadlines.ts'

test('what is due has passed its deadline, and stays due until it is deleted', () => {
  const deadlines = new TransactionDeadlines(10)
  deadlines.add('a', 5)
  deadlines.add('b', 15)
  deadlines.add('c', 15)
  assert.deepEqual(deadlines.due(5), [])
  assert.deepEqual(deadlines.due(6), ['a'])
  assert.deepEqual(deadlines.due(15), ['a'])
  assert.deepEqual(deadlines.due(16), ['a', 'b', 'c'])
  deadlines.delete('a', 5)
  deadlines.delete('c', 15)
  assert.deepEqual(deadlines.due(100), ['b'])
  deadlines.delete('b', 15)
  assert.deepEqual(deadlines.due(100), [])
})

test('deadlines in any order, with buckets of any width, are those of a plain list', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new SimRandom(seed)
    const deadlines = new TransactionDeadlines(1 + random.below(50))
    const plain = new Map<string, number>()
    for (let i = 0; i < 200; i++) {
      const id = `id-${random.below(20)}`
      const known = plain.get(id)
      if (known !== undefined) deadlines.delete(id, known)
      plain.delete(id)
      if (random.oneIn(2)) {
        const deadlineMs = random.below(300)
        plain.set(id, deadlineMs)
        deadlines.add(id, deadlineMs)
      }
      const nowMs = random.below(320)
      const due = [...plain].filter(([, deadlineMs]) => deadlineMs < nowMs).map(([name]) => name)
      assert.deepEqual(deadlines.due(nowMs).sort(), due.sort(), `seed ${seed}`)
    }
  }
})
