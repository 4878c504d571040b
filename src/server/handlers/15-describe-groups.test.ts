import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { DescribeGroupsRequest, DescribeGroupsResponse } from '../../protocol/messages/15-describe-groups.ts'
import { stableGroup, startGroupBroker } from './groups.test.kit.ts'
import { readyGroup } from './offsets.test.kit.ts'

const client = await startGroupBroker()
await readyGroup(client, 'g')
const memberId = await stableGroup(client, 'g')

test('every version tells a group with its members, and that another one is not there', async () => {
  for (let version = 0; version <= 6; version++) {
    const request = { groups: ['g', 'nowhere', ''], includeAuthorizedOperations: version >= 3 }
    const response = await client.call(DescribeGroupsRequest, DescribeGroupsResponse, version, request)
    const [group, ...others] = response.groups
    const [member] = group!.members
    assert.deepEqual(
      [group!.errorCode, group!.groupId, group!.groupState, group!.protocolType, group!.protocolData],
      [ErrorCode.NONE, 'g', 'Stable', 'consumer', 'range'],
    )
    assert.deepEqual(
      [member!.memberId, member!.groupInstanceId, member!.clientId, member!.clientHost],
      [memberId, null, 'test', '/127.0.0.1'],
    )
    assert.equal(member!.memberMetadata.toString(), 'metadata')
    assert.equal(member!.memberAssignment.toString(), 'assignment')
    // Read, delete, describe, describe and alter configs.
    assert.equal(group!.authorizedOperations, version >= 3 ? 0b1101_0100_1000 : -2147483648)
    for (const other of others) {
      assert.deepEqual(
        [other.groupState, other.errorCode, other.errorMessage],
        version < 6
          ? ['Dead', ErrorCode.NONE, null]
          : ['Dead', ErrorCode.GROUP_ID_NOT_FOUND, `Group ${other.groupId} not found.`],
      )
    }
  }
})
