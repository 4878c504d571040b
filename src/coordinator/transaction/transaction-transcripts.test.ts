import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TransactionTranscript } from './transaction-transcript.test.kit.ts'

/** The texts lie with the sources, wherever this runs from. */
const folder = fileURLToPath(new URL('../../../src/coordinator/transaction/transcripts/', import.meta.url))

/** Here markers or timers wait, or a producer asks under a former name, which a restart forgets. */
const RESTARTS_SHOW = /markers|former|log-that|restart|expiry|timeouts/

describe('the transaction coordinator does as the transcript says', () => {
  for (const file of readdirSync(folder).sort()) {
    const name = file.replace('.txt', '').replaceAll('-', ' ')
    test(name, () => TransactionTranscript.check(folder + file, { restarts: false }))
    if (RESTARTS_SHOW.test(file)) continue
    test(`${name}, restarted before every step`, () =>
      TransactionTranscript.check(folder + file, { restarts: true }))
  }
})
