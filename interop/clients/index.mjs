/**
 * The clients of the run, behind one shape: what each can write and read, and how to make it do so. What a client
 * cannot do is said here, in `cannot`, with the reason.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { apacheKafka, debian, nodeVersion, npmClients } from '../../scripts/peers/peers.mjs'
import { runProgram } from '../lib/processes.mjs'
import { javaConsole } from './java-console.mjs'
import { kcat } from './kcat.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))

/** @typedef {import('../lib/records.mjs').Codec} Codec */
/** @typedef {import('../lib/records.mjs').SeenRecord} SeenRecord */

/**
 * @typedef {object} ProduceJob
 * @property {string} bootstrap
 * @property {string} topic
 * @property {Codec} codec
 * @property {number} partition -1 lets the client's own partitioner choose
 * @property {string} file of lines, see lib/records.mjs
 * @property {boolean} [hex] keys and values are hexadecimal
 */

/**
 * @typedef {object} ReadJob
 * @property {string} bootstrap
 * @property {string} topic
 * @property {number} partitions 0..partitions-1; all but librdkafka and ours read partition 0 alone
 * @property {number} count how many records there are, for clients that do not notice the end
 * @property {string} [ranges] "offset:count,..." for a client that reads parts of partition 0
 * @property {boolean} [hex]
 * @property {(record: SeenRecord) => void} onRecord
 */

/**
 * @typedef {object} Client
 * @property {string} name
 * @property {string} [missing] why this machine does not have it
 * @property {(job: ProduceJob) => Promise<unknown>} [produce]
 * @property {(job: ReadJob) => Promise<unknown>} [read]
 * @property {Partial<Record<Codec, string>>} cannot codecs it does not write, with the reason
 * @property {boolean} [takesBytes] writes and reads (if it reads) bytes that are no text
 * @property {boolean} [readsHeads] slow: of a block of 100,000 it reads the first records, except without codec
 */

/**
 * Parses "partition TAB offset TAB type TAB milliseconds TAB headers TAB key TAB value".
 * @param {(record: SeenRecord) => void} onRecord
 * @returns {(line: string) => void}
 */
export function recordParser(onRecord) {
  return (line) => {
    const ends = []
    for (let tab = line.indexOf('\t'); tab >= 0 && ends.length < 4; tab = line.indexOf('\t', tab + 1))
      ends.push(tab)
    const [a = 0, b = 0, c = 0, d = 0] = ends
    onRecord({
      partition: Number(line.slice(0, a)),
      offset: Number(line.slice(a + 1, b)),
      timestampType: /** @type {SeenRecord['timestampType']} */ (line.slice(b + 1, c)),
      timestampMs: Number(line.slice(c + 1, d)),
      line: line.slice(d + 1),
    })
  }
}

const hexEnv = (/** @type {boolean | undefined} */ hex) => (hex ? { env: { LINES: 'hex' } } : {})

/**
 * Compiles the librdkafka program.
 * @param {string} folder
 * @returns {Promise<{program: string} | {missing: string}>}
 */
async function compileLibrdkafka(folder) {
  for (const name of /** @type {const} */ (['gcc', 'librdkafka'])) {
    const peer = await debian(name)
    if ('missing' in peer) return peer
  }
  mkdirSync(folder, { recursive: true })
  const program = join(folder, 'librdkafka')
  await runProgram(['gcc', ['-O1', '-Wall', '-o', program, join(here, 'librdkafka.c'), '-lrdkafka']])
  return { program }
}

/** @param {{program: string} | {missing: string}} compiled @returns {Client} */
function librdkafka(compiled) {
  const client = { name: 'librdkafka', cannot: {}, takesBytes: true }
  if ('missing' in compiled) return { ...client, missing: compiled.missing }
  const { program } = compiled
  return {
    ...client,
    produce: ({ bootstrap, topic, codec, partition, file, hex }) =>
      runProgram([program, ['produce', bootstrap, topic, codec, String(partition)]], {
        inputFile: file,
        ...hexEnv(hex),
      }),
    read: ({ bootstrap, topic, partitions, hex, onRecord }) =>
      runProgram([program, ['read', bootstrap, topic, String(partitions)]], {
        onLine: recordParser(onRecord),
        ...hexEnv(hex),
      }),
  }
}

/**
 * kafka-python, as Debian ships it, speaking the protocol of one Kafka release.
 * @param {string} release "auto" or "0.9", ...
 * @returns {Promise<Client>}
 */
export async function kafkaPython(release) {
  const name = release === 'auto' ? 'kafka-python' : `kafka-python as ${release}`
  const peer = await debian('kafka-python')
  const withCodecs = await debian('python codecs')
  const noCodecs = 'missing' in withCodecs ? withCodecs.missing : undefined
  /** @type {Client['cannot']} */
  const cannot = noCodecs ? { snappy: noCodecs, lz4: noCodecs, zstd: noCodecs } : {}
  if (release !== 'auto') cannot.zstd = 'zstd came with Kafka 2.1'
  if ('missing' in peer) return { name, cannot, missing: peer.missing }
  const python = '/usr/bin/python3'
  const script = join(here, 'kafka_python.py')
  return {
    name,
    cannot,
    takesBytes: true,
    produce: ({ bootstrap, topic, codec, partition, file, hex }) =>
      runProgram([python, [script, 'produce', bootstrap, topic, codec, String(partition), release]], {
        inputFile: file,
        ...hexEnv(hex),
      }),
    read: ({ bootstrap, topic, ranges, hex, onRecord }) =>
      runProgram([python, [script, 'read', bootstrap, topic, ranges ?? 'all', release]], {
        onLine: recordParser(onRecord),
        ...hexEnv(hex),
      }),
  }
}

/**
 * A client from the npm registry: it writes; reading needs consumer groups.
 * @param {string} name
 * @param {string} script
 * @param {{path: string} | {missing: string}} node
 * @param {Client['cannot']} cannot
 * @returns {Promise<Client>}
 */
async function npmClient(name, script, node, cannot) {
  const installed = await npmClients()
  if ('missing' in installed) return { name, cannot, missing: installed.missing }
  if ('missing' in node) return { name, cannot, missing: node.missing }
  return {
    name,
    cannot,
    takesBytes: true,
    produce: ({ bootstrap, topic, codec, partition, file, hex }) =>
      runProgram([node.path, [join(here, script), bootstrap, topic, codec, String(partition)]], {
        inputFile: file,
        ...hexEnv(hex),
      }),
  }
}

/** Our own, as it was built. @returns {Client} */
function sluice() {
  const script = join(here, 'sluice-records.mjs')
  return {
    name: 'sluice',
    cannot: {},
    takesBytes: true,
    produce: ({ bootstrap, topic, codec, partition, file, hex }) =>
      runProgram([process.execPath, [script, 'produce', bootstrap, topic, codec, String(partition)]], {
        inputFile: file,
        ...hexEnv(hex),
      }),
    read: ({ bootstrap, topic, partitions, hex, onRecord }) =>
      runProgram([process.execPath, [script, 'read', bootstrap, topic, String(partitions)]], {
        onLine: recordParser(onRecord),
        ...hexEnv(hex),
      }),
  }
}

/**
 * All clients, those this machine cannot have included (`missing`).
 * @param {string} folder for a compiled program
 * @returns {Promise<Client[]>}
 */
export async function allClients(folder) {
  return [
    sluice(),
    librdkafka(await compileLibrdkafka(folder)),
    kcat(await debian('kcat')),
    await kafkaPython('auto'),
    await npmClient('kafkajs', 'kafkajs-produce.mjs', { path: process.execPath }, {}),
    await npmClient('platformatic', 'platformatic-produce.mjs', await nodeVersion(24), {}),
    javaConsole('java-3.9', await apacheKafka('3.9')),
    javaConsole('java-4.1', await apacheKafka('4.1')),
  ]
}
