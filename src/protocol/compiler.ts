/**
 * Writes the codec of one (message, version) as straight-line JavaScript and has the engine compile it: no dispatch on
 * field kinds, one bounds check for each run of fixed-size fields, one object shape per struct. It does what the
 * interpreter does, which is the specification; read that one first.
 *
 * Only names and literals of our own declarations get into the source, never anything that came from outside.
 * Decoder and encoder are compiled apart, when first called: a broker decodes requests and encodes responses.
 */
import type { Reader } from '../wire/reader.ts'
import type { Writer } from '../wire/writer.ts'
import type { Codec } from './codec.ts'
import { decoderSource } from './decoder-source.ts'
import { encoderSource } from './encoder-source.ts'
import { RUNTIME_NAMES, RUNTIME_VALUES } from './generated-runtime.ts'
import type { FieldPlan, MessagePlan } from './plan.ts'

export function compileCodec(plan: MessagePlan): Codec {
  const codec: Codec = {
    decode(reader: Reader): unknown {
      codec.decode = build<Codec['decode']>(decoderSource(plan), [])
      return codec.decode(reader)
    },
    encode(value: unknown, writer: Writer): void {
      const plans: FieldPlan[] = []
      codec.encode = build<Codec['encode']>(encoderSource(plan, plans), plans)
      codec.encode(value, writer)
    },
  }
  return codec
}

/** Compiles a function body whose free names are the runtime's; `plans` holds the fields it refers to by index. */
function build<F>(source: string, plans: readonly FieldPlan[]): F {
  return new Function('plans', ...RUNTIME_NAMES, `'use strict'\n${source}`)(plans, ...RUNTIME_VALUES) as F
}
