import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DecodeError,
  readUnsignedVarint,
  readVarint,
  readVarlong,
  readVarlongBig,
  unsignedVarintSize,
  VarintError,
  varintEnd,
  varintSize,
  varlongSize,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from './varint.ts'

const room = Buffer.alloc(16)

function failure(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof VarintError && error instanceof DecodeError)
    return error.reason
  }
  return 'none'
}

describe('varints', () => {
  test('unsigned ones are written in groups of seven bits, lowest first', () => {
    const cases: [number, string][] = [
      [0, '00'],
      [127, '7f'],
      [128, '8001'],
      [300, 'ac02'],
      [16383, 'ff7f'],
      [16384, '808001'],
      [0xffffffff, 'ffffffff0f'],
    ]
    for (const [value, hex] of cases) {
      const end = writeUnsignedVarint(room, 3, value)
      assert.equal(room.subarray(3, end).toString('hex'), hex)
      assert.equal(unsignedVarintSize(value), end - 3)
      assert.equal(readUnsignedVarint(room, 3, end), value)
      assert.equal(varintEnd(), end)
    }
  })

  test('signed ones are in zigzag form and survive at the ends of their range', () => {
    assert.equal(room.subarray(0, writeVarint(room, 0, -1)).toString('hex'), '01')
    assert.equal(room.subarray(0, writeVarint(room, 0, 1)).toString('hex'), '02')
    for (const value of [0, -1, 63, -64, 64, 8191, -8193, 2 ** 31 - 1, -(2 ** 31)]) {
      const end = writeVarint(room, 0, value)
      assert.equal(varintSize(value), end)
      assert.equal(readVarint(room, 0, end), value)
      assert.equal(readVarlong(room, 0, end), value)
    }
  })

  test('varlongs survive over their range, and beyond 2^53 as bigint', () => {
    const exact = [
      0,
      -1,
      2 ** 27,
      -(2 ** 27),
      2 ** 30,
      -(2 ** 30) - 1,
      2 ** 31,
      2 ** 35,
      2 ** 52,
      -(2 ** 53) + 1,
    ]
    for (const value of exact) {
      const end = writeVarlong(room, 0, value)
      assert.equal(varlongSize(value), end, `${value}`)
      assert.equal(readVarlong(room, 0, end), value)
      assert.equal(varintEnd(), end)
      assert.equal(readVarlongBig(room, 0, end), BigInt(value))
    }
    for (const value of [2n ** 63n - 1n, -(2n ** 63n)]) {
      const end = writeVarlong(room, 0, value)
      assert.equal(end, 10)
      assert.equal(readVarlongBig(room, 0, end), value)
      assert.equal(readVarlong(room, 0, end), Number(value))
    }
  })

  test('a varint that ends early is truncated, one that goes on too long is overlong', () => {
    const long = Buffer.alloc(12, 0x80)
    assert.equal(
      failure(() => readUnsignedVarint(Buffer.of(0x80, 0x80), 0)),
      'truncated',
    )
    assert.equal(
      failure(() => readUnsignedVarint(Buffer.of(1), 0, 0)),
      'truncated',
    )
    assert.equal(
      failure(() => readUnsignedVarint(long, 0)),
      'overlong',
    )
    assert.equal(
      failure(() => readUnsignedVarint(Buffer.from('ffffffff10', 'hex'), 0)),
      'overlong',
    )
    assert.equal(
      failure(() => readVarlong(long.subarray(0, 9), 0)),
      'truncated',
    )
    assert.equal(
      failure(() => readVarlong(long, 0)),
      'overlong',
    )
    assert.equal(
      failure(() => readVarlong(Buffer.from('ffffffffffffffffff02', 'hex'), 0)),
      'overlong',
    )
  })

  test('bytes from the given end on are not read', () => {
    assert.equal(
      failure(() => readVarint(Buffer.of(0x80, 0x01), 0, 1)),
      'truncated',
    )
  })
})
