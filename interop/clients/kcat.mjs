/**
 * kcat. One run of it gives all its records the same headers and one meaning of "empty", so a block is produced
 * in several runs, in order.
 */
import { readFileSync } from 'node:fs'
import { runProgram } from '../lib/processes.mjs'
import { recordLine } from '../lib/records.mjs'

/**
 * @param {{path: string} | {missing: string}} peer
 * @returns {import('./index.mjs').Client}
 */
export function kcat(peer) {
  if ('missing' in peer) return { name: 'kcat', cannot: {}, missing: peer.missing }
  return {
    name: 'kcat',
    cannot: {},
    produce: async ({ bootstrap, topic, codec, partition, file }) => {
      for (const { flags, input } of runsOf(readFileSync(file, 'utf8'))) {
        const args = ['-P', '-q', '-b', bootstrap, '-t', topic, '-z', codec, '-K', '\t', ...flags]
        if (partition >= 0) args.push('-p', String(partition))
        else args.push('-X', 'partitioner=murmur2_random')
        args.push('-X', 'message.max.bytes=1048588', '-X', 'linger.ms=20')
        await runProgram(['kcat', args], { input })
      }
    },
    read: ({ bootstrap, topic, onRecord }) => {
      const args = ['-C', '-q', '-J', '-e', '-b', bootstrap, '-t', topic, '-p', '0', '-o', 'beginning']
      args.push('-X', 'check.crcs=true')
      return runProgram(['kcat', args], { onLine: (line) => onRecord(fromJson(line)) })
    },
  }
}

/**
 * Cuts a block into runs of records that one kcat can write.
 * @param {string} block
 * @returns {{flags: string[], input: string}[]}
 */
function runsOf(block) {
  /** @type {{flags: string[], lines: string[]}[]} */
  const runs = []
  for (const line of block.split('\n')) {
    if (line === '') continue
    const [headers = '', key = '', value = ''] = line.split('\t')
    const flags =
      headers === 'NULL' ? [] : headers.split(',').flatMap((pair) => ['-H', pair.replace(':', '=')])
    if (value === 'NULL') flags.push('-Z')
    const text = `${key === 'NULL' ? '' : `${key}\t`}${value === 'NULL' ? '' : value}`
    const last = runs.at(-1)
    if (last && last.flags.join() === flags.join()) last.lines.push(text)
    else runs.push({ flags, lines: [text] })
  }
  return runs.map(({ flags, lines }) => ({ flags, input: `${lines.join('\n')}\n` }))
}

/**
 * One line of `kcat -J`; its headers are an array of names and values in turn.
 * @param {string} line
 * @returns {import('../lib/records.mjs').SeenRecord}
 */
function fromJson(line) {
  const { partition, offset, tstype, ts, headers = [], key, payload } = JSON.parse(line)
  const pairs = []
  for (let index = 0; index < headers.length; index += 2)
    pairs.push(`${headers[index]}:${headers[index + 1]}`)
  return {
    partition,
    offset,
    timestampType:
      tstype === 'create' ? 'CreateTime' : tstype === 'logappend' ? 'LogAppendTime' : 'NoTimestampType',
    timestampMs: ts ?? -1,
    line: recordLine(key, payload, pairs.length > 0 ? pairs.join(',') : null),
  }
}
