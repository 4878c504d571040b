import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Logger, silentLogger } from '../../base/logger.ts'
import { MemoryStore } from '../../coordination/memory-store.ts'
import { ProducerIdManager } from './producer-id-manager.ts'

const clock = { nowMs: () => 0 }

function manager(memory: MemoryStore, brokerId: number, logger: Logger = silentLogger): ProducerIdManager {
  return new ProducerIdManager({ store: memory.connect(), brokerId, logger })
}

test('ids come from blocks of a thousand that are recorded before they are used', async () => {
  const memory = new MemoryStore(clock)
  const lines: string[] = []
  const producerIds = manager(memory, 1, { ...silentLogger, info: (line) => void lines.push(line) })
  assert.equal(await producerIds.next(), 0)
  for (let expected = 1; expected < 1000; expected++)
    assert.equal(producerIds.next(), expected, 'without waiting')
  assert.equal(await producerIds.next(), 1000)
  const node = await memory.connect().get('/latest_producer_id_block')
  assert.equal(node?.data.toString(), '{"version":1,"broker":1,"block_start":"1000","block_end":"1999"}')
  assert.equal(
    lines[1],
    '[ProducerId Manager 1]: Acquired new producerId block (brokerId:1,blockStartProducerId:1000,' +
      'blockEndProducerId:1999) by writing to Zk with path version 2',
  )
})

test('no id is given twice by brokers that ask at once, nor after a restart', async () => {
  const memory = new MemoryStore(clock)
  const managers = [manager(memory, 1), manager(memory, 2), manager(memory, 3)]
  const asked = Array.from({ length: 3600 }, (_, index) => managers[index % 3]!.next())
  const ids = await Promise.all(asked)
  ids.push(await manager(memory, 1).next())
  assert.equal(new Set(ids).size, ids.length)
})
