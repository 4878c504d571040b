/**
 * The clients of the run as members of a consumer group: a small program for each, all with the same arguments and
 * the same output.
 *
 *   PROGRAM BROKERS TOPIC GROUP NAME [KEY=VALUE...]
 *
 * NAME becomes the client id. Keys: assignor (range where nothing is said), protocol (classic or consumer), instance
 * (group.instance.id), session and heartbeat (milliseconds; under the consumer protocol the broker says). A member
 * commits what it has processed after each poll and before it gives partitions up, and leaves in order at SIGTERM.
 * Each line of its output is "TIME WORD...", the time in milliseconds since 1970:
 *
 *   assigned GENERATION MEMBER_ID PARTITIONS     added to what it owns; PARTITIONS is "0,1,2", or "-" for none
 *   revoked PARTITIONS                           given up, and committed before
 *   lost PARTITIONS                              taken away: somebody else may own them already
 *   record PARTITION OFFSET VALUE                processed
 *   committed PARTITION:OFFSET,...               the broker has acknowledged it
 *   refused commit ERROR, error TEXT, fatal ERROR
 *   closed                                       has left
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { javaCommand } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka, debian, newLibrdkafka, nodeVersion, npmClients } from '../../scripts/peers/peers.mjs'
import { runProgram } from '../lib/processes.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))

/**
 * @typedef {object} GroupClient
 * @property {string} name
 * @property {string} [missing] why this machine does not have it
 * @property {(args: string[]) => [string, string[]]} command
 * @property {Record<string, string>} [env]
 * @property {boolean} [speaksConsumerProtocol] KIP-848
 */

/** @typedef {import('../../scripts/peers/peers.mjs').Peer} Peer */

/** @returns {[string, string[]]} */
const noCommand = () => {
  throw new Error('a missing client was started')
}

/**
 * @param {string} name
 * @param {string} missing
 * @returns {GroupClient}
 */
const absent = (name, missing) => ({ name, missing, command: noCommand })

/**
 * @param {string} folder for compiled programs
 * @returns {Promise<GroupClient[]>}
 */
export async function groupClients(folder) {
  const classFolder = join(folder, 'group-classes')
  const program = join(folder, 'group-consumer')
  const java39 = await apacheKafka('3.9')
  const [javac, gcc] = await Promise.all([compileJava(java39, classFolder), compileC(program)])
  return [
    await kafkaPython(),
    script('kafkajs', 'group-consumer-kafkajs.mjs', { path: process.execPath }, await npmClients()),
    librdkafka('librdkafka', gcc, program, { path: '' }),
    librdkafka('librdkafka-new', gcc, program, await newLibrdkafka()),
    script('platformatic', 'group-consumer-platformatic.mjs', await nodeVersion(24), await npmClients()),
    sluice(),
    java('java-3.9', javac, java39, classFolder),
    { ...java('java-4.1', javac, await apacheKafka('4.1'), classFolder), speaksConsumerProtocol: true },
  ]
}

/**
 * One class for both releases, compiled with the older one.
 * @param {Peer} peer
 * @param {string} classFolder
 * @returns {Promise<string | undefined>} why not
 */
async function compileJava(peer, classFolder) {
  if ('missing' in peer) return peer.missing
  try {
    mkdirSync(classFolder, { recursive: true })
    const source = join(here, 'GroupConsumer.java')
    await runProgram(['javac', ['-cp', `${peer.path}/libs/*`, '-d', classFolder, source]])
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * @param {string} program
 * @returns {Promise<string | undefined>} why not
 */
async function compileC(program) {
  for (const name of /** @type {const} */ (['gcc', 'librdkafka'])) {
    const peer = await debian(name)
    if ('missing' in peer) return peer.missing
  }
  await runProgram(['gcc', ['-O1', '-Wall', '-o', program, join(here, 'group-consumer.c'), '-lrdkafka']])
  return undefined
}

/** @returns {Promise<GroupClient>} */
async function kafkaPython() {
  const peer = await debian('kafka-python')
  if ('missing' in peer) return absent('kafka-python', peer.missing)
  const file = join(here, 'group_consumer.py')
  return { name: 'kafka-python', command: (args) => ['/usr/bin/python3', [file, ...args]] }
}

/**
 * @param {string} name
 * @param {string} file
 * @param {Peer} node
 * @param {Peer} installed
 * @returns {GroupClient}
 */
function script(name, file, node, installed) {
  for (const peer of [node, installed]) if ('missing' in peer) return absent(name, peer.missing)
  const path = 'path' in node ? node.path : ''
  return { name, command: (args) => [path, [join(here, file), ...args]] }
}

/** Our own, as it was built. @returns {GroupClient} */
function sluice() {
  const file = join(here, 'group-consumer-sluice.mjs')
  return {
    name: 'sluice',
    command: (args) => [process.execPath, [file, ...args]],
    speaksConsumerProtocol: true,
  }
}

/**
 * Debian's librdkafka, or a newer one in the place of it.
 * @param {string} name
 * @param {string | undefined} problem
 * @param {string} program
 * @param {Peer} library its folder, '' for the system's
 * @returns {GroupClient}
 */
function librdkafka(name, problem, program, library) {
  if (problem !== undefined) return absent(name, problem)
  if ('missing' in library) return absent(name, library.missing)
  const client = { name, command: /** @type {GroupClient['command']} */ ((args) => [program, args]) }
  if (library.path === '') return client
  return { ...client, env: { LD_LIBRARY_PATH: library.path }, speaksConsumerProtocol: true }
}

/**
 * @param {string} name
 * @param {string | undefined} problem
 * @param {Peer} peer
 * @param {string} classFolder
 * @returns {GroupClient}
 */
function java(name, problem, peer, classFolder) {
  if (problem !== undefined) return absent(name, problem)
  if ('missing' in peer) return absent(name, peer.missing)
  return { name, command: (args) => javaCommand(peer.path, 'GroupConsumer', args, classFolder) }
}
