import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { joined, startGroupBroker, sync } from './groups.test.kit.ts'
import { readyGroup } from './offsets.test.kit.ts'

const client = await startGroupBroker()
const protocol = { protocolType: 'consumer', protocolName: 'range' }

test('every version hands in an assignment and is given its part', async () => {
  for (let version = 0; version <= 5; version++) {
    const groupId = `v${version}`
    await readyGroup(client, groupId)
    const { memberId } = await joined(client, 5, groupId)
    const assignments = [{ memberId, assignment: Buffer.from(groupId) }]
    const response = await sync(client, version, groupId, { memberId, assignments, ...protocol })
    assert.deepEqual(
      { ...response, assignment: response.assignment.toString() },
      {
        throttleTimeMs: 0,
        errorCode: 0,
        protocolType: version < 5 ? null : 'consumer',
        protocolName: version < 5 ? null : 'range',
        assignment: groupId,
      },
    )
    const stranger = await sync(client, version, groupId, { memberId: 'unheard-of', ...protocol })
    assert.deepEqual([stranger.errorCode, stranger.assignment.length], [ErrorCode.UNKNOWN_MEMBER_ID, 0])
  }
})

test('version 5 has to say which protocol it means', async () => {
  for (const missing of [{ protocolType: null }, { protocolName: null }]) {
    const response = await sync(client, 5, 'v5', { ...protocol, ...missing })
    assert.equal(response.errorCode, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  }
})
