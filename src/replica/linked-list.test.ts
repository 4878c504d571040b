import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LinkedList, type ListNode } from './linked-list.ts'

test('values leave from anywhere, once, and the rest keeps its order', () => {
  const list = new LinkedList<number>()
  const nodes = [0, 1, 2, 3, 4].map((value) => list.add(value))
  const expected = [0, 1, 2, 3, 4]
  for (const value of [2, 0, 4, 3, 1]) {
    assert.equal(list.remove(nodes[value]!), true)
    assert.equal(list.remove(nodes[value]!), false)
    expected.splice(expected.indexOf(value), 1)
    assert.deepEqual([list.values(), list.size], [expected, expected.length])
  }
  list.add(5)
  assert.deepEqual(list.values(), [5])
})

test('a value of another list is not taken out', () => {
  const [one, other] = [new LinkedList<string>(), new LinkedList<string>()]
  const node = one.add('a')
  assert.equal(other.remove(node), false)
  assert.deepEqual([one.values(), other.values()], [['a'], []])
})

test('what has left points to nothing that is in the list', () => {
  const list = new LinkedList<string>()
  const nodes: ListNode<string>[] = ['a', 'b', 'c'].map((value) => list.add(value))
  list.remove(nodes[1]!)
  assert.deepEqual(nodes[1], { value: 'b', list: undefined, previous: undefined, next: undefined })
  assert.deepEqual([nodes[0]?.next, nodes[2]?.previous], [nodes[2], nodes[0]])
})

test('those that are wanted leave together', () => {
  const list = new LinkedList<number>()
  for (let value = 0; value < 9; value++) list.add(value)
  list.removeEach((value) => value % 3 !== 1)
  assert.deepEqual([list.values(), list.size], [[1, 4, 7], 3])
})
