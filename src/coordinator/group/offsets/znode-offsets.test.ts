import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../../base/logger.ts'
import { MemoryStore } from '../../../coordination/memory-store.ts'
import { setOrCreate } from '../../../coordination/metadata-store.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { ZnodeOffsets } from './znode-offsets.ts'

function begin() {
  const store = new MemoryStore({ nowMs: () => 1_700_000_000_000 }).connect()
  return { store, offsets: new ZnodeOffsets({ store, logger: silentLogger }) }
}

test('an offset is a decimal number where consumers of Kafka 0.8 wrote it', async () => {
  const { store, offsets } = begin()
  for (const [offset, text] of [
    [42, '42'],
    [-5, '-5'],
    [2 ** 63, '9223372036854775807'],
  ] as const) {
    assert.equal(await offsets.commit('g', 't', 3, offset), ErrorCode.NONE)
    assert.equal((await store.get('/consumers/g/offsets/t/3'))!.data.toString(), text)
    const told = await offsets.fetch('g', 't', 3)
    assert.deepEqual([told.committedOffset, told.errorCode, told.metadata], [offset, ErrorCode.NONE, ''])
  }
})

test('nothing committed, a node that holds no number, and a store that is away are told apart', async () => {
  const { store, offsets } = begin()
  assert.equal((await offsets.fetch('g', 't', 0)).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  await setOrCreate(store, '/consumers/g/offsets/t/0', 'twelve')
  assert.equal((await offsets.fetch('g', 't', 0)).errorCode, ErrorCode.UNKNOWN_SERVER_ERROR)
  await store.close()
  assert.equal((await offsets.fetch('g', 't', 0)).errorCode, ErrorCode.UNKNOWN_SERVER_ERROR)
  assert.equal(await offsets.commit('g', 't', 0, 1), ErrorCode.UNKNOWN_SERVER_ERROR)
})
