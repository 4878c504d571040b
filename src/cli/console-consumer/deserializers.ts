/** How keys, values and headers are shown, by the name of the class that would read them in Java. */
import { UsageError } from '../command/command.ts'
import { javaDouble, javaFloat } from '../command/java-text.ts'

/** Throws Error where the bytes are none of these. */
export type ShownAs = (bytes: Buffer) => string

const PACKAGE = 'org.apache.kafka.common.serialization.'

const NAMED: Readonly<Record<string, ShownAs>> = {
  StringDeserializer: (bytes) => bytes.toString(),
  ByteArrayDeserializer: (bytes) => bytes.toString(),
  ByteBufferDeserializer: (bytes) => bytes.toString(),
  BytesDeserializer: escaped,
  ShortDeserializer: sized('ShortDeserializer', 2, (bytes) => String(bytes.readInt16BE())),
  IntegerDeserializer: sized('IntegerDeserializer', 4, (bytes) => String(bytes.readInt32BE())),
  LongDeserializer: sized('LongDeserializer', 8, (bytes) => String(bytes.readBigInt64BE())),
  FloatDeserializer: sized('Deserializer', 4, (bytes) => javaFloat(bytes.readFloatBE())),
  DoubleDeserializer: sized('Deserializer', 8, (bytes) => javaDouble(bytes.readDoubleBE())),
  BooleanDeserializer: sized('BooleanDeserializer', 1, (bytes) => {
    if (bytes[0]! > 1) throw new Error(`Unexpected byte received by BooleanDeserializer: ${bytes.readInt8()}`)
    return bytes[0] === 1 ? 'true' : 'false'
  }),
  UUIDDeserializer: (bytes) => bytes.toString(),
}

/** Throws UsageError. */
export function deserializerOf(className: string): ShownAs {
  const name = className.startsWith(PACKAGE) ? className.slice(PACKAGE.length) : ''
  const known = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined
  if (known === undefined) throw new UsageError(`Unable to instantiate a deserializer from ${className}`)
  return known
}

function sized(name: string, byteCount: number, read: ShownAs): ShownAs {
  return (bytes) => {
    if (bytes.length !== byteCount) throw new Error(`Size of data received by ${name} is not ${byteCount}`)
    return read(bytes)
  }
}

/** As Java's Bytes tells of itself: text where it can be printed, `\x0A` where not. */
function escaped(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes) {
    const isPrintable = byte >= 0x20 && byte < 0x7f && byte !== 0x5c
    text += isPrintable ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}
