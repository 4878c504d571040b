import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { join, joined, joinRequest, startGroupBroker } from './groups.test.kit.ts'
import { readyGroup } from './offsets.test.kit.ts'

const client = await startGroupBroker()
const versions = Array.from({ length: 10 }, (_, version) => version)

test('every version joins a group and is told that it leads', async () => {
  for (const version of versions) {
    await readyGroup(client, `v${version}`)
    const { memberId, ...response } = await joined(client, version, `v${version}`)
    assert.match(memberId, /^test-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    const member = { memberId, groupInstanceId: null, metadata: Buffer.from('metadata') }
    assert.deepEqual(
      {
        ...response,
        members: response.members.map((each) => ({ ...each, metadata: Buffer.from(each.metadata) })),
      },
      {
        throttleTimeMs: 0,
        errorCode: 0,
        generationId: 1,
        protocolType: version < 7 ? null : 'consumer',
        protocolName: 'range',
        leader: memberId,
        skipAssignment: false,
        members: [member],
      },
    )
  }
})

test('errors name no protocol: null from version 7 on, nothing before', async () => {
  for (const version of versions) {
    const response = await join(client, version, joinRequest('g', { memberId: 'unheard-of' }))
    assert.deepEqual(
      [response.errorCode, response.memberId, response.protocolName, response.generationId, response.leader],
      [ErrorCode.UNKNOWN_MEMBER_ID, 'unheard-of', version < 7 ? '' : null, -1, ''],
    )
    const empty = await join(client, version, joinRequest(''))
    assert.equal(empty.errorCode, ErrorCode.INVALID_GROUP_ID)
    const hasty = await join(client, version, joinRequest('g', { sessionTimeoutMs: 1 }))
    assert.equal(hasty.errorCode, ErrorCode.INVALID_SESSION_TIMEOUT)
  }
})

test('a client name that leaves no room for an id is refused', async () => {
  const request = joinRequest('long', { groupInstanceId: 'i'.repeat(0x7fff - 36) })
  assert.equal((await join(client, 5, request)).errorCode, ErrorCode.INVALID_REQUEST)
  const fits = joinRequest('long', { groupInstanceId: 'i'.repeat(0x7fff - 37) })
  await readyGroup(client, 'long')
  assert.equal((await join(client, 5, fits)).errorCode, ErrorCode.NONE)
})

test('members on connections of their own gather, and the leader hears of all', async () => {
  await readyGroup(client, 'many')
  const { memberId } = await joined(client, 5, 'many')
  const others = await Promise.all(
    [client.another(), client.another()].map(async (other) => {
      const { errorCode, memberId } = await join(other, 5, joinRequest('many'))
      assert.equal(errorCode, ErrorCode.MEMBER_ID_REQUIRED)
      return { other, memberId }
    }),
  )
  // The ids that are given out are waited for.
  const waiting = others.map(({ other, memberId }) => join(other, 5, joinRequest('many', { memberId })))
  const leader = await join(client, 5, joinRequest('many', { memberId }))
  const followers = await Promise.all(waiting)
  for (const { other } of others) other.close()
  assert.equal(leader.leader, memberId)
  assert.deepEqual(
    new Set(leader.members.map((member) => member.memberId)),
    new Set([memberId, ...others.map((each) => each.memberId)]),
  )
  for (const follower of followers) {
    assert.deepEqual(
      [follower.errorCode, follower.generationId, follower.leader, follower.members.length],
      [ErrorCode.NONE, 2, memberId, 0],
    )
  }
})
