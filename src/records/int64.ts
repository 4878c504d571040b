/**
 * Big-endian 64-bit integers as numbers, in two halves and without BigInt: record batches are full of them and all that
 * occur (offsets, timestamps, producer ids) are safe integers. Beyond 2^53 a read gives the nearest double.
 */
const TWO_32 = 0x1_0000_0000

export function readInt64(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * TWO_32 + buffer.readUInt32BE(position + 4)
}

/** `value` is an integer; beyond 2^53 the nearest double is what gets written. */
export function writeInt64(buffer: Buffer, position: number, value: number): void {
  const high = Math.floor(value / TWO_32)
  buffer.writeInt32BE(high | 0, position)
  buffer.writeUInt32BE(value - high * TWO_32, position + 4)
}
