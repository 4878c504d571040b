import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../../protocol/messages/12-heartbeat.ts'
import { stableGroup, startGroupBroker } from './groups.test.kit.ts'
import { readyGroup } from './offsets.test.kit.ts'

const client = await startGroupBroker()
await readyGroup(client, 'g')
const memberId = await stableGroup(client, 'g')

test('every version keeps a member in its group, and tells strangers that they are', async () => {
  const beat = async (
    version: number,
    fields: { groupId?: string; generationId?: number; memberId?: string },
  ) => {
    const request = { groupId: 'g', generationId: 1, memberId, ...fields }
    return (await client.call(HeartbeatRequest, HeartbeatResponse, version, request)).errorCode
  }
  for (let version = 0; version <= 4; version++) {
    assert.equal(await beat(version, {}), ErrorCode.NONE)
    assert.equal(await beat(version, { generationId: 2 }), ErrorCode.ILLEGAL_GENERATION)
    assert.equal(await beat(version, { memberId: 'unheard-of' }), ErrorCode.UNKNOWN_MEMBER_ID)
    assert.equal(await beat(version, { groupId: '' }), ErrorCode.INVALID_GROUP_ID)
  }
})
