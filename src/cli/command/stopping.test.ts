import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startBroker } from '../../testing/index.ts'
import { logDirsCommand } from '../log-dirs/log-dirs-command.ts'
import { run } from './command.test.kit.ts'

const stoppedQuietly = { exitCode: 130, stdout: '', stderr: '' }

test('a command that is stopped while it waits for a broker ends at once', async () => {
  const stop = new AbortController()
  const args = ['--bootstrap-server', '127.0.0.1:1', '--describe']
  const running = run(logDirsCommand, args, { stopped: stop.signal })
  setImmediate(() => stop.abort())
  assert.deepEqual(await running, stoppedQuietly)
  assert.deepEqual(await run(logDirsCommand, args, { stopped: stop.signal }), stoppedQuietly)
})

test('a command that is stopped while it waits for an answer ends at once', async () => {
  const broker = await startBroker()
  const stop = new AbortController()
  broker.intercept('DescribeCluster', () => {
    stop.abort()
    return new Promise(() => {})
  })
  const args = ['--bootstrap-server', broker.bootstrapServers, '--describe']
  assert.deepEqual(await run(logDirsCommand, args, { stopped: stop.signal }), stoppedQuietly)
  await broker.close()
})
