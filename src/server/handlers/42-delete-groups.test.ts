import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from '../../protocol/messages/13-leave-group.ts'
import { DeleteGroupsRequest, DeleteGroupsResponse } from '../../protocol/messages/42-delete-groups.ts'
import { stableGroup, startGroupBroker } from './groups.test.kit.ts'
import { createTopic } from './handlers.test.kit.ts'
import { commit, fetchOffsets, readyGroup } from './offsets.test.kit.ts'

const client = await startGroupBroker()
await createTopic(client, 't')

test('every version deletes empty groups with their offsets, and no others', async () => {
  await readyGroup(client, 'busy')
  await readyGroup(client, 'simple')
  await readyGroup(client, 'left')
  await readyGroup(client, '')
  await stableGroup(client, 'busy')
  for (let version = 0; version <= 2; version++) {
    await commit(client, 2, 'simple', [{ topic: 't', offset: 7 }])
    await commit(client, 2, '', [{ topic: 't', offset: 7 }])
    const memberId = await stableGroup(client, 'left')
    await client.call(LeaveGroupRequest, LeaveGroupResponse, 1, { groupId: 'left', memberId })
    const groupsNames = ['busy', 'simple', 'left', 'nowhere', '']
    const { results } = await client.call(DeleteGroupsRequest, DeleteGroupsResponse, version, { groupsNames })
    assert.deepEqual(
      new Map(results.map(({ groupId, errorCode }) => [groupId, errorCode])),
      new Map([
        ['busy', ErrorCode.NON_EMPTY_GROUP],
        ['simple', ErrorCode.NONE],
        ['left', ErrorCode.NONE],
        ['nowhere', ErrorCode.GROUP_ID_NOT_FOUND],
        ['', ErrorCode.NONE],
      ]),
    )
    assert.deepEqual(await fetchOffsets(client, 5, 'simple', 't', [0]), ['0=-1'])
  }
})

test('a group named twice is deleted once', async () => {
  await commit(client, 2, 'simple', [{ topic: 't', offset: 7 }])
  const request = { groupsNames: ['simple', 'simple'] }
  const { results } = await client.call(DeleteGroupsRequest, DeleteGroupsResponse, 2, request)
  assert.deepEqual(results, [{ groupId: 'simple', errorCode: ErrorCode.NONE }])
})
