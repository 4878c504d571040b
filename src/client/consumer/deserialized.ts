/** Of what type the keys and values of a consumer are: it follows from its deserializers. For the compiler only. */
import type { ConsumerOptions } from '../options/consumer-options.ts'
import type { Consumer } from './consumer.ts'

export interface ConsumerConstructor {
  /** Of what type keys and values are follows from the deserializers. Throws KafkaError (INVALID_CONFIG). */
  new <const Options extends ConsumerOptions>(
    options: KnownOptions<Options>,
  ): Consumer<KeyOf<Options>, ValueOf<Options>>
}

type OptionOf<Options, Dotted extends string, Camel extends string> = Options extends {
  readonly [Name in Dotted]: infer Given
}
  ? Given
  : Options extends { readonly [Name in Camel]: infer Given }
    ? Given
    : undefined

/** Java's names of those that we have. */
type ClassOf<Type extends string> = `${string}.${Type}Deserializer` | `${string}.${Type}Decoder`

type DeserializedBy<Given> = Given extends (...given: never[]) => infer Result
  ? Result
  : Given extends undefined | 'bytes' | ClassOf<'ByteArray' | 'ByteBuffer' | 'Bytes' | 'Default'>
    ? Buffer
    : Given extends 'string' | ClassOf<'String'>
      ? string
      : Given extends 'int32' | 'int64' | 'double' | ClassOf<'Integer' | 'Long' | 'Double'>
        ? number
        : unknown

type KeyOf<Options> = DeserializedBy<OptionOf<Options, 'key.deserializer', 'keyDeserializer'>>
type ValueOf<Options> = DeserializedBy<OptionOf<Options, 'value.deserializer', 'valueDeserializer'>>

/** Options by other names are none. */
type KnownOptions<Options> = Options & {
  readonly [Name in Exclude<keyof Options, keyof ConsumerOptions>]: never
}
