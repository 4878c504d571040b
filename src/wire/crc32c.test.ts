import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, crc32c, tableCrc32, tableCrc32c } from './crc32c.ts'

test('both checksums give the check values of their definitions', () => {
  const digits = Buffer.from('123456789')
  assert.equal(crc32c(digits), 0xe3069283)
  assert.equal(crc32(digits), 0xcbf43926)
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  assert.equal(crc32c(Buffer.alloc(0)), 0)
})

test('the native checksum and the table agree at every length and alignment', () => {
  const noise = Buffer.alloc(4200)
  for (let index = 0; index < noise.length; index++) noise[index] = (index * 7919 + (index >> 5)) & 0xff
  for (let length = 0; length < 300; length++) {
    const slice = noise.subarray(length % 13, (length % 13) + length)
    assert.equal(crc32c(slice), tableCrc32c(slice, 0), `crc32c of ${length} bytes`)
    assert.equal(crc32(slice), tableCrc32(slice, 0), `crc32 of ${length} bytes`)
  }
  assert.equal(crc32c(noise), tableCrc32c(noise, 0))
})

test('a checksum runs on over buffers that lie apart', () => {
  const whole = Buffer.from('the quick brown fox jumps over the lazy dog, again and again. '.repeat(8))
  for (const cut of [0, 1, 7, 99, 100, 250, whole.length]) {
    const head = whole.subarray(0, cut)
    const tail = whole.subarray(cut)
    assert.equal(crc32c(tail, crc32c(head)), crc32c(whole))
    assert.equal(crc32(tail, crc32(head)), crc32(whole))
  }
})
