import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyHash } from './key-hash.ts'

const secret = Uint8Array.from({ length: 16 }, (_, index) => index)

function hexOf(bytes: Uint8Array): string {
  const hash = new KeyHash(secret)
  hash.hash(bytes, 0, bytes.length)
  const words = Buffer.alloc(16)
  for (const [index, word] of [hash.word0, hash.word1, hash.word2, hash.word3].entries())
    words.writeInt32LE(word, index * 4)
  return words.toString('hex')
}

test('the hash gives the values that its authors published', () => {
  // The first vectors of SipHash-2-4 with 128 bits: secret 00 01 .. 0f, input 00 01 .. of each length from 0 on.
  const expected = ['a3817f04ba25a8e66df67214c7550293', 'da87c1d86b99af44347659119b22fc45']
  for (const [length, hex] of expected.entries()) {
    assert.equal(hexOf(Uint8Array.from({ length }, (_, index) => index)), hex)
  }
  assert.equal(hexOf(Uint8Array.from([0, 1])), '8177228da4a45dc7fca38bdef60affe4')
})

test('every byte of a key and its length count, wherever the key lies in its buffer', () => {
  const key = Buffer.from('a key of more than two words')
  const seen = new Set([hexOf(key), hexOf(Buffer.concat([key, Buffer.alloc(1)]))])
  for (let at = 0; at < key.length; at++) {
    const other = Buffer.from(key)
    other[at]! ^= 0x80
    seen.add(hexOf(other))
  }
  for (let length = 0; length < key.length; length++) seen.add(hexOf(key.subarray(0, length)))
  assert.equal(seen.size, 2 + key.length * 2)
  const hash = new KeyHash(secret)
  const inside = Buffer.concat([Buffer.from('xyz'), key, Buffer.from('xyz')])
  hash.hash(inside, 3, 3 + key.length)
  const words = [hash.word0, hash.word1, hash.word2, hash.word3]
  hash.hash(key, 0, key.length)
  assert.deepEqual([hash.word0, hash.word1, hash.word2, hash.word3], words)
})
