/** The codec of a compression that message sets know. */
import { codecByName } from '../../dist/records/compression/codec.js'

/** @param {'gzip' | 'snappy' | 'lz4'} name */
export function legacyCodec(name) {
  const codec = codecByName(name)
  if (!codec) throw new Error(`no codec ${name}`)
  return codec
}
