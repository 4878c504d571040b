/**
 * Strings and uuids out of buffers. A broker reads the same few topic names, client ids, group ids and topic ids over
 * and over, so short ones are looked up in a fixed-size table by their bytes before a new string is made: this saves
 * the allocation, and a string that was seen before carries its hash for the map it is looked up in next.
 *
 * Bounded: SLOTS strings of at most SHARED_LENGTH_MAX bytes, and as many uuids; a newcomer replaces what was there.
 */

/** Kafka prints the zero uuid so. */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'

const SLOTS = 1024
const SHARED_LENGTH_MAX = 48

const texts: string[] = new Array<string>(SLOTS).fill('')
const uuids: string[] = new Array<string>(SLOTS).fill(ZERO_UUID)
const uuidWords = new Int32Array(SLOTS * 4)

/** The UTF-8 text in `bytes[start, end)`; malformed sequences become U+FFFD. */
export function decodeText(bytes: Buffer, start: number, end: number): string {
  const length = end - start
  if (length === 0) return ''
  if (length > SHARED_LENGTH_MAX) return bytes.toString('utf8', start, end)
  let hash = length
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
  const known = texts[slot]!
  if (known.length === length) {
    let i = 0
    while (i < length && known.charCodeAt(i) === bytes[start + i]) i++
    if (i === length) return known
  }
  const text = bytes.toString('utf8', start, end)
  // Only ASCII is shared: there, characters and bytes compare one to one.
  if (isAscii(bytes, start, end)) texts[slot] = text
  return text
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > 0x7f) return false
  return true
}

/** The uuid in the 16 bytes at `start` as 22 characters of base64url. */
export function decodeUuid(bytes: Buffer, start: number): string {
  const a = bytes.readInt32BE(start)
  const b = bytes.readInt32BE(start + 4)
  const c = bytes.readInt32BE(start + 8)
  const d = bytes.readInt32BE(start + 12)
  if ((a | b | c | d) === 0) return ZERO_UUID
  const hash = Math.imul(a ^ c, 31) + (b ^ d)
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1)
  const word = slot * 4
  if (
    uuidWords[word] === a &&
    uuidWords[word + 1] === b &&
    uuidWords[word + 2] === c &&
    uuidWords[word + 3] === d
  ) {
    return uuids[slot]!
  }
  const text = bytes.toString('base64url', start, start + 16)
  uuidWords[word] = a
  uuidWords[word + 1] = b
  uuidWords[word + 2] = c
  uuidWords[word + 3] = d
  uuids[slot] = text
  return text
}
