import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ConsumerTranscript } from './group-transcript.test.kit.ts'

/** The texts lie with the sources, wherever this runs from. */
const folder = fileURLToPath(
  new URL('../../../../src/coordinator/group/consumer/transcripts/', import.meta.url),
)

describe('a consumer group does as the transcript says', () => {
  for (const file of readdirSync(folder).sort()) {
    test(file.replace('.txt', '').replaceAll('-', ' '), () => ConsumerTranscript.check(`${folder}${file}`))
  }
})
