/** Turning keys and values into bytes and back. A function does it, or a name: of ours, or of the class in Java. */
import { KafkaError } from '../kafka-error.ts'
import { invalid, type Option } from './option.ts'

/** Null and undefined stay null, and are not asked about. */
export type Serializer<Value> = (value: Value, topic: string) => Uint8Array | string
export type Deserializer<Value> = (bytes: Buffer, topic: string) => Value

export type SerializerName = 'bytes' | 'string' | 'json' | 'int32' | 'int64' | 'double'

interface Pair {
  // biome-ignore lint/suspicious/noExplicitAny: of what type keys and values are the user decides
  readonly serialize: Serializer<any>
  readonly deserialize: Deserializer<unknown>
}

const PAIRS: Readonly<Record<SerializerName, Pair>> = {
  bytes: { serialize: (value: Uint8Array | string) => value, deserialize: (bytes) => bytes },
  string: { serialize: (value: unknown) => String(value), deserialize: (bytes) => bytes.toString() },
  json: {
    serialize: (value: unknown) => JSON.stringify(value),
    deserialize: (bytes) => JSON.parse(bytes.toString()) as unknown,
  },
  int32: numeric(
    4,
    (bytes, value) => bytes.writeInt32BE(value),
    (bytes) => bytes.readInt32BE(),
  ),
  int64: numeric(
    8,
    (bytes, value) => bytes.writeBigInt64BE(BigInt(value)),
    (bytes) => Number(bytes.readBigInt64BE()),
  ),
  double: numeric(
    8,
    (bytes, value) => bytes.writeDoubleBE(value),
    (bytes) => bytes.readDoubleBE(),
  ),
}

/** Classes of Java's clients, and of those of Kafka 0.8. */
const JAVA_NAMES: Readonly<Record<string, SerializerName>> = {
  ByteArray: 'bytes',
  ByteBuffer: 'bytes',
  Bytes: 'bytes',
  String: 'string',
  Integer: 'int32',
  Long: 'int64',
  Double: 'double',
}
const OLD_NAMES: Readonly<Record<string, SerializerName>> = {
  'kafka.serializer.DefaultEncoder': 'bytes',
  'kafka.serializer.StringEncoder': 'string',
  'kafka.serializer.DefaultDecoder': 'bytes',
  'kafka.serializer.StringDecoder': 'string',
}

// biome-ignore lint/suspicious/noExplicitAny: of what type keys and values are the user decides
export const serializer: Option<Serializer<any> | SerializerName | string, Serializer<any>> = {
  parse: (given, name) => (typeof given === 'function' ? given : pairOf(given, name).serialize),
  fallback: PAIRS.bytes.serialize,
}

// biome-ignore lint/suspicious/noExplicitAny: of what type keys and values are the user decides
export const deserializer: Option<Deserializer<any> | SerializerName | string, Deserializer<any>> = {
  parse: (given, name) => (typeof given === 'function' ? given : pairOf(given, name).deserialize),
  fallback: PAIRS.bytes.deserialize,
}

/** Throws KafkaError (SERIALIZATION). */
export function toBytes<Value>(value: Value, topic: string, serialize: Serializer<Value>): Uint8Array | null {
  if (value === null || value === undefined) return null
  let bytes: unknown
  try {
    bytes = serialize(value, topic)
  } catch (error) {
    throw new KafkaError('SERIALIZATION', `${topic}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  }
  if (typeof bytes === 'string') return Buffer.from(bytes)
  if (bytes instanceof Uint8Array) return bytes
  throw new KafkaError(
    'SERIALIZATION',
    `${topic}: keys and values are text or bytes, not ${typeof bytes}; give a serializer`,
  )
}

function pairOf(given: string, name: string): Pair {
  const java = /^org\.apache\.kafka\.common\.serialization\.(\w+?)(?:Serializer|Deserializer)$/.exec(
    given,
  )?.[1]
  const known = Object.hasOwn(PAIRS, given)
    ? (given as SerializerName)
    : (JAVA_NAMES[java ?? ''] ?? OLD_NAMES[given])
  if (known === undefined)
    throw invalid(
      `${name} must be a function or one of ${Object.keys(PAIRS).join(', ')}, not ${JSON.stringify(given)}`,
    )
  return PAIRS[known]
}

function numeric(
  byteCount: number,
  write: (bytes: Buffer, value: number) => void,
  read: (bytes: Buffer) => number,
): Pair {
  return {
    serialize: (value: number) => {
      const bytes = Buffer.allocUnsafe(byteCount)
      write(bytes, value)
      return bytes
    },
    deserialize: (bytes) => {
      if (bytes.length !== byteCount)
        throw new RangeError(`${bytes.length} bytes where ${byteCount} were due`)
      return read(bytes)
    },
  }
}
