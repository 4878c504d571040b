/** bin/*.sh, in an installation of their own with a broker that only says how it was called. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const scripts = fileURLToPath(new URL('../../bin/', import.meta.url))
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice bin ')))
const children: ChildProcess[] = []
after(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const fakeBroker = `
const stop = (signal) => { console.log('stopped by ' + signal); process.exit(0) }
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
console.log('started ' + JSON.stringify(process.argv.slice(2)))
setInterval(() => {}, 1000)
`

/** Makes an installation and returns its folder. */
function install(name: string): string {
  const home = join(folder, name)
  for (const part of ['bin', 'dist/bundle']) mkdirSync(join(home, part), { recursive: true })
  for (const script of ['kafka-server-start.sh', 'kafka-server-stop.sh']) {
    copyFileSync(join(scripts, script), join(home, 'bin', script))
  }
  writeFileSync(join(home, 'dist/bundle/kafka-server-start.cjs'), fakeBroker)
  return home
}

function run(script: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync('sh', [script, ...args], {
    encoding: 'utf8',
    cwd: '/',
    env: environment(),
  })
  return { status, stdout, stderr }
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, NODE: process.execPath }
}

/** Starts a script in the foreground; resolves with what it printed once it has printed a line. */
async function start(
  script: string,
  ...args: readonly string[]
): Promise<{ child: ChildProcess; output: () => string }> {
  const child = spawn('sh', [script, ...args], {
    cwd: '/',
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  await once(child.stdout!, 'data')
  return { child, output: () => text }
}

test('without arguments the start script prints its usage and fails', () => {
  const script = join(install('usage'), 'bin/kafka-server-start.sh')
  const { status, stdout } = run(script)
  assert.equal(status, 1)
  assert.equal(stdout, `USAGE: ${script} [-daemon] server.properties [--override property=value]*\n`)
})

test('a script without a build says how to get one', () => {
  const home = install('unbuilt')
  rmSync(join(home, 'dist'), { recursive: true })
  const { status, stderr } = run(join(home, 'bin/kafka-server-start.sh'), 'x')
  assert.equal(status, 1)
  assert.match(stderr, /is missing: run "npm ci" in /)
})

test('in the foreground the broker is the process of the script, and arguments arrive as they are', async () => {
  const home = install('foreground')
  const { child, output } = await start(
    join(home, 'bin/kafka-server-start.sh'),
    'a b.properties',
    '--override',
    'c=d e',
  )
  assert.equal(output(), 'started ["a b.properties","--override","c=d e"]\n')
  child.kill('SIGINT')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
  assert.match(output(), /stopped by SIGINT/)
})

test('links to the script and to the installation are followed', async () => {
  const home = install('linked')
  symlinkSync(home, join(folder, 'kafka'))
  symlinkSync('kafka/bin/kafka-server-start.sh', join(folder, 'start'))
  const { child, output } = await start(join(folder, 'start'), 'x')
  assert.equal(output(), 'started ["x"]\n')
  child.kill()
  await once(child, 'exit')
})

test('the stop script stops the brokers of its installation and no other', async () => {
  const mine = install('mine')
  const other = install('mine too')
  const first = await start(join(mine, 'bin/kafka-server-start.sh'), '1')
  const second = await start(join(mine, 'bin/kafka-server-start.sh'), '2')
  const stranger = await start(join(other, 'bin/kafka-server-start.sh'), '3')
  const exits = [once(first.child, 'exit'), once(second.child, 'exit')]
  assert.deepEqual(run(join(mine, 'bin/kafka-server-stop.sh')), { status: 0, stdout: '', stderr: '' })
  await Promise.all(exits)
  assert.match(first.output() + second.output(), /stopped by SIGTERM(?:.|\n)*stopped by SIGTERM/)
  assert.equal(stranger.child.exitCode, null)
  stranger.child.kill()
  await once(stranger.child, 'exit')
})

test('with nothing to stop, the stop script says so and fails', () => {
  const { status, stdout } = run(join(install('idle'), 'bin/kafka-server-stop.sh'))
  assert.deepEqual([status, stdout], [1, 'No kafka server to stop\n'])
})

test('a daemon leaves the script at once and writes to logs/kafkaServer.out', () => {
  const home = install('daemon')
  writeFileSync(
    join(home, 'dist/bundle/kafka-server-start.cjs'),
    "console.log('daemon ' + process.argv[2] + ' ' + process.env.SLUICE_DAEMON)",
  )
  // A pipe in place of the file: reading it waits for the daemon's first word and ends with its last.
  const output = join(home, 'logs/kafkaServer.out')
  mkdirSync(join(home, 'logs'))
  spawnSync('mkfifo', [output])
  // With pipes of its own, spawnSync would wait for the daemon to let go of them.
  const script = join(home, 'bin/kafka-server-start.sh')
  const { status } = spawnSync('sh', [script, '-daemon', 'x'], { env: environment(), stdio: 'ignore' })
  assert.equal(status, 0)
  assert.equal(readFileSync(output, 'utf8'), 'daemon x 1\n')
})
