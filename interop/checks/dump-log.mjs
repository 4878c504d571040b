/**
 * kafka-dump-log of both releases over every file the broker wrote, once it has stopped: batches and records of
 * the segments, both indexes (each entry against its segment), and the producer snapshots.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { toolCommand } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'

/** What the tool prints when a file is unsound; any of it fails the check, and so does anything on stderr. */
const unsound =
  /isvalid: false|Mismatches in|not found:|Found timestamp mismatch|Found out of order|out-of-order|mismatch|Exception|Could not|corrupt/i

/** Of a log that was compacted the tool tells every gap between offsets: a heading, and pairs of them. */
const gaps = /Non-consecutive offsets in|^\s*\d+ is followed by \d+/

/**
 * @param {import('../lib/context.mjs').Context} context
 * @param {string} dataFolder
 * @param {{isCompacted?: boolean}} [options]
 */
export async function checkDumpLog({ report }, dataFolder, { isCompacted = false } = {}) {
  const files = readdirSync(dataFolder, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => /-\d+\/\d{20}\.(log|index|timeindex|snapshot)$/.test(name) && !name.startsWith('__cluster'),
    )
    .map((name) => join(dataFolder, name))
  /** @param {string} ending */
  const ending = (ending) => files.filter((file) => file.endsWith(ending))
  // The tool opens an index to check it; it looks up the segment of the same name itself.
  const jobs = [
    { what: 'segments, record by record', flags: ['--deep-iteration'], files: ending('.log') },
    { what: 'offset indexes, entry by entry', flags: ['--verify-index-only'], files: ending('.index') },
    { what: 'offset indexes, sanity', flags: ['--index-sanity-check'], files: ending('.index') },
    { what: 'time indexes, entry by entry', flags: ['--verify-index-only'], files: ending('.timeindex') },
    { what: 'time indexes, sanity', flags: ['--index-sanity-check'], files: ending('.timeindex') },
    { what: 'producer snapshots', flags: [], files: ending('.snapshot') },
  ]
  for (const line of /** @type {const} */ (['3.9', '4.1'])) {
    const peer = await apacheKafka(line)
    if ('missing' in peer) {
      report.skip(`kafka-dump-log ${line}`, peer.missing)
      continue
    }
    for (const job of jobs) {
      await report.check(`kafka-dump-log ${line}: ${job.what}`, async () => {
        expect(job.files.length > 0, `no such files in ${dataFolder}`)
        let batches = 0
        let records = 0
        const args = [...job.flags, '--files', job.files.join(',')]
        const { stderr } = await runProgram(toolCommand(peer.path, 'kafka-dump-log', args), {
          onLine: (said) => {
            if (said.startsWith('baseOffset:')) batches++
            else if (said.startsWith('| offset:')) records++
            expect(!unsound.test(said) && (isCompacted || !gaps.test(said)), said.slice(0, 300))
          },
        })
        // What it finds wrong in indexes and snapshots goes to stderr, with exit code 0.
        const complaints = stderr
          .split('\n')
          .filter((line) => line !== '' && !(isCompacted && gaps.test(line)))
        expect(complaints.length === 0, complaints.join(' | ').slice(0, 300))
        if (job.flags.includes('--deep-iteration')) expect(records > 0, 'no record was found')
        return `${job.files.length} files${batches > 0 ? `, ${batches} batches, ${records} records` : ''}`
      })
    }
  }
}
