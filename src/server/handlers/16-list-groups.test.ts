import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ListGroupsRequest, ListGroupsResponse } from '../../protocol/messages/16-list-groups.ts'
import { stableGroup, startGroupBroker } from './groups.test.kit.ts'
import { commit, readyGroup } from './offsets.test.kit.ts'

const client = await startGroupBroker()

async function list(version: number, filter: { statesFilter?: string[]; typesFilter?: string[] } = {}) {
  const request = { statesFilter: [], typesFilter: [], ...filter }
  const { errorCode, groups } = await client.call(ListGroupsRequest, ListGroupsResponse, version, request)
  assert.equal(errorCode, ErrorCode.NONE)
  return groups.sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
}

test('a broker that coordinates nothing has no groups', async () => {
  for (let version = 0; version <= 5; version++) assert.deepEqual(await list(version), [])
})

test('every version lists groups of all partitions, with what it knows of states and types', async () => {
  await readyGroup(client, 'g')
  await readyGroup(client, 'h')
  await stableGroup(client, 'g')
  await commit(client, 2, 'h', [{ topic: 'no', offset: 1 }])
  await stableGroup(client, 'k')
  for (let version = 0; version <= 5; version++) {
    const state = version < 4 ? '' : 'Stable'
    const type = version < 5 ? '' : 'classic'
    const group = { protocolType: 'consumer', groupState: state, groupType: type }
    assert.deepEqual(await list(version), [
      { groupId: 'g', ...group },
      { groupId: 'k', ...group },
    ])
  }
})

test('filters compare without regard to case', async () => {
  const ids = async (version: number, filter: Parameters<typeof list>[1]) =>
    (await list(version, filter)).map(({ groupId }) => groupId)
  assert.deepEqual(await ids(4, { statesFilter: ['stable'] }), ['g', 'k'])
  assert.deepEqual(await ids(4, { statesFilter: ['Empty', 'Dead'] }), [])
  assert.deepEqual(await ids(5, { typesFilter: ['Classic'] }), ['g', 'k'])
  assert.deepEqual(await ids(5, { typesFilter: ['consumer', 'nothing'] }), [])
})
