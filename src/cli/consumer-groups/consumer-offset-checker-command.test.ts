import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Admin } from '../../client/index.ts'
import { startBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { serve, zookeeper } from '../command/zookeeper.test.kit.ts'
import { consumerOffsetCheckerCommand } from './consumer-offset-checker-command.ts'

test('each partition is a line with offset, end, lag and owner', async () => {
  const broker = await startBroker()
  const { bootstrapServers } = broker
  const port = Number(bootstrapServers.split(':')[1])
  const zookeeperPort = await serve(
    zookeeper({ '/kafka/brokers/ids/1': JSON.stringify({ host: '127.0.0.1', port }) }),
  )
  const admin = new Admin({ bootstrapServers })
  try {
    await admin.createTopics([{ name: 'test', partitions: 2 }, { name: 'other' }])
    await admin.alterGroupOffsets('readers', [{ topic: 'test', partition: 0, offset: 0 }])
    const where = ['--zkconnect', `127.0.0.1:${zookeeperPort}/kafka`, '--group', 'readers']
    const some = await run(consumerOffsetCheckerCommand, [...where, '--topic', 'test'])
    assert.deepEqual(some.stdout.split('\n'), [
      'Group           Topic                          Pid Offset          logSize         Lag             Owner',
      'readers         test                           0   0               0               0               none',
      'readers         test                           1   unknown         0               unknown         none',
      '',
    ])
    const all = await run(consumerOffsetCheckerCommand, [...where, '--broker-info'])
    assert.equal(all.stdout.split('\n').length, 5)
    assert.ok(all.stdout.endsWith(`BROKER INFO\n1 -> ${bootstrapServers}\n`))
  } finally {
    await admin.close()
    await broker.close()
  }
})
