/** Commands in processes of their own: what signals and readers that leave do to them. */
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import type { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Producer } from '../../client/index.ts'
import { startBroker, type TestBroker } from '../../testing/index.ts'

const program = fileURLToPath(new URL(`../kafka-run-class${extname(import.meta.url)}`, import.meta.url))
let broker: TestBroker
before(async () => {
  broker = await startBroker()
  const producer = new Producer({ bootstrapServers: broker.bootstrapServers })
  await producer.send(
    Array.from({ length: 1000 }, (_, i) => ({ topic: 't', value: `${i} ${'x'.repeat(200)}` })),
  )
  await producer.close()
})
after(() => broker.close())

/** A consumer that has shown something, and waits for more. */
async function consumer(): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  const args = ['kafka-console-consumer', '--bootstrap-server', broker.bootstrapServers, '--topic', 't']
  const child = spawn(process.execPath, [program, ...args, '--partition', '0', '--offset', 'earliest'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await once(child.stdout, 'readable')
  return child
}

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends a command in order, and it says so by its exit code ${exitCode}`, async () => {
    const child = await consumer()
    child.stdout.resume()
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.kill(signal)
    const [code] = await once(child, 'close')
    assert.equal(code, exitCode)
    assert.match(stderr, /^Processed a total of \d+ messages$/m)
  })
}

test('a command whose output nobody reads any more ends, with nothing wrong', async () => {
  const child = await consumer()
  child.stdout.destroy()
  const producer = new Producer({ bootstrapServers: broker.bootstrapServers })
  await producer.send({ topic: 't', value: 'more' })
  await producer.close()
  child.stderr.resume()
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
})
