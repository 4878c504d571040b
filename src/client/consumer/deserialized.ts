/** Of what type the keys and values of a consumer are: it follows from its deserializers. For the compiler only. */
import type { ConsumerOptions } from '../options/consumer-options.ts'

type OptionOf<Options, Dotted extends string, Camel extends string> = Options extends {
  readonly [Name in Dotted]: infer Given
}
  ? Given
  : Options extends { readonly [Name in Camel]: infer Given }
    ? Given
    : undefined

type DeserializedBy<Given> = Given extends (...given: never[]) => infer Result
  ? Result
  : Given extends undefined | 'bytes'
    ? Buffer
    : Given extends 'string' | `${string}.String${'Deserializer' | 'Decoder'}`
      ? string
      : Given extends 'int32' | 'int64' | 'double'
        ? number
        : unknown

export type KeyOf<Options> = DeserializedBy<OptionOf<Options, 'key.deserializer', 'keyDeserializer'>>
export type ValueOf<Options> = DeserializedBy<OptionOf<Options, 'value.deserializer', 'valueDeserializer'>>

/** Options by other names are none. */
export type KnownOptions<Options> = Options & {
  readonly [Name in Exclude<keyof Options, keyof ConsumerOptions>]: never
}
