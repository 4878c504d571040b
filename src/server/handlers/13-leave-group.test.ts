import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from '../../protocol/messages/13-leave-group.ts'
import type { Draft } from '../../protocol/schema.ts'
import { stableGroup, startGroupBroker } from './groups.test.kit.ts'
import { readyGroup } from './offsets.test.kit.ts'

const client = await startGroupBroker()
const { NONE, UNKNOWN_MEMBER_ID, INVALID_GROUP_ID } = ErrorCode

function leave(version: number, request: Draft<typeof LeaveGroupRequest>) {
  return client.call(LeaveGroupRequest, LeaveGroupResponse, version, request)
}

test('up to version 2 one member leaves, and the response has its error', async () => {
  for (const version of [0, 1, 2]) {
    const groupId = `one${version}`
    await readyGroup(client, groupId)
    const memberId = await stableGroup(client, groupId)
    const codes = []
    for (const id of ['unheard-of', memberId, memberId, '']) {
      codes.push((await leave(version, { groupId, memberId: id })).errorCode)
    }
    codes.push((await leave(version, { groupId: '', memberId })).errorCode)
    assert.deepEqual(codes, [UNKNOWN_MEMBER_ID, NONE, UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID, INVALID_GROUP_ID])
  }
})

test('from version 3 on several leave, each with an error of its own', async () => {
  for (const version of [3, 4, 5]) {
    const groupId = `several${version}`
    await readyGroup(client, groupId)
    const memberId = await stableGroup(client, groupId)
    const members = [{ memberId: 'unheard-of' }, { memberId }, { memberId: '', groupInstanceId: 'i' }]
    const response = await leave(version, { groupId, members })
    assert.equal(response.errorCode, NONE)
    assert.deepEqual(response.members, [
      { memberId: 'unheard-of', groupInstanceId: null, errorCode: UNKNOWN_MEMBER_ID },
      { memberId, groupInstanceId: null, errorCode: NONE },
      { memberId: '', groupInstanceId: 'i', errorCode: UNKNOWN_MEMBER_ID },
    ])
    const nobody = await leave(version, { groupId: 'nowhere', members: [{ memberId }] })
    assert.deepEqual([nobody.errorCode, nobody.members[0]!.errorCode], [NONE, UNKNOWN_MEMBER_ID])
  }
})
