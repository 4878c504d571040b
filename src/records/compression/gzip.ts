/** gzip (RFC 1952) by Node's own zlib, which takes an output limit. Several members in a row are one stream. */
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import type { Codec } from './codec.ts'
import { corrupt, tooLarge } from './compression-error.ts'

export const gzip: Codec = {
  id: 1,
  name: 'gzip',
  compress(bytes, level = constants.Z_DEFAULT_COMPRESSION) {
    return gzipSync(bytes, { level })
  },
  decompress(bytes, maxBytes) {
    let output: Buffer
    try {
      output = gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('gzip', maxBytes)
      throw corrupt('gzip', error)
    }
    if (output.length > maxBytes) throw tooLarge('gzip', maxBytes)
    return output
  },
}
