import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimRandom } from '../../simulator/sim-random.ts'
import { ENTRY_BYTES, OffsetMap } from './offset-map.ts'

const SECRET = Buffer.alloc(16, 7)

function put(map: OffsetMap, key: string, offset: number): void {
  const bytes = Buffer.from(key)
  map.put(bytes, 0, bytes.length, offset)
}
function get(map: OffsetMap, key: string): number {
  const bytes = Buffer.from(key)
  return map.get(bytes, 0, bytes.length)
}

test('the map holds the latest offset of every key, up to its last free slot', () => {
  const random = new SimRandom(11)
  for (const loadFactor of [0.3, 0.9, 1]) {
    const map = new OffsetMap({
      bytesMax: 1000 * ENTRY_BYTES,
      loadFactor,
      keysExpected: 1e9,
      secret: SECRET,
    })
    const expected = new Map<string, number>()
    for (let offset = 0; !map.isFull; offset++) {
      const key = `key-${random.below(2000)}`
      put(map, key, offset)
      expected.set(key, offset)
      assert.equal(map.latestOffset, offset)
    }
    assert.equal(map.size, expected.size)
    assert.equal(map.size, map.keysMax)
    for (let key = 0; key < 2000; key++)
      assert.equal(get(map, `key-${key}`), expected.get(`key-${key}`) ?? -1)
    assert.ok(map.utilization <= loadFactor && map.utilization > loadFactor * 0.97)
  }
})

test('the table is no larger than the memory it was given, nor than the keys need', () => {
  const options = { loadFactor: 0.9, secret: SECRET }
  assert.ok(new OffsetMap({ ...options, bytesMax: 24_000, keysExpected: 1e9 }).keysMax <= 900)
  const small = new OffsetMap({ ...options, bytesMax: 1e8, keysExpected: 100 })
  assert.ok(small.keysMax >= 100 && small.keysMax < 150)
  for (let key = 0; key < 100; key++) {
    assert.ok(!small.isFull, 'as many keys as were announced fit')
    put(small, `${key}`, key)
  }
  assert.equal(get(small, '99'), 99)
})

test('keys of any length, the empty one and offset 0 among them, are told apart', () => {
  const map = new OffsetMap({ bytesMax: 1e5, loadFactor: 0.9, keysExpected: 1e3, secret: SECRET })
  put(map, '', 0)
  put(map, '\0', 1)
  put(map, 'x'.repeat(10_000), 2 ** 40)
  assert.deepEqual([get(map, ''), get(map, '\0'), get(map, '\0\0')], [0, 1, -1])
  assert.equal(get(map, 'x'.repeat(10_000)), 2 ** 40)
})
