import assert from 'node:assert/strict'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { JoinGroupRequest, JoinGroupResponse } from '../../protocol/messages/11-join-group.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../../protocol/messages/14-sync-group.ts'
import type { Draft } from '../../protocol/schema.ts'
import { startTestBroker, type TestClient } from './handlers.test.kit.ts'

/** Members of classic groups that speak raw to a broker. The id is given out first from this version of JoinGroup on. */
export const FIRST_VERSION_WITH_REQUIRED_IDS = 4

export function startGroupBroker(): Promise<TestClient> {
  return startTestBroker({ 'group.initial.rebalance.delay.ms': '0' })
}

export function joinRequest(
  groupId: string,
  fields: Partial<Draft<typeof JoinGroupRequest>> = {},
): Draft<typeof JoinGroupRequest> {
  return {
    groupId,
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 30_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('metadata') }],
    ...fields,
  }
}

export function join(client: TestClient, version: number, request: Draft<typeof JoinGroupRequest>) {
  return client.call(JoinGroupRequest, JoinGroupResponse, version, request)
}

/** Joins as the first member, with the id that is given out where that is due; the group is waited for. */
export async function joined(client: TestClient, version: number, groupId: string) {
  const request = joinRequest(groupId)
  const first = await join(client, version, request)
  if (version < FIRST_VERSION_WITH_REQUIRED_IDS) {
    assert.equal(first.errorCode, ErrorCode.NONE)
    return first
  }
  assert.equal(first.errorCode, ErrorCode.MEMBER_ID_REQUIRED)
  return await join(client, version, { ...request, memberId: first.memberId })
}

export function sync(
  client: TestClient,
  version: number,
  groupId: string,
  fields: Partial<Draft<typeof SyncGroupRequest>>,
) {
  return client.call(SyncGroupRequest, SyncGroupResponse, version, {
    groupId,
    generationId: 1,
    memberId: '',
    assignments: [],
    ...fields,
  })
}

/** A group of one member that has its assignment. */
export async function stableGroup(client: TestClient, groupId: string): Promise<string> {
  const { memberId } = await joined(client, 5, groupId)
  const assignments = [{ memberId, assignment: Buffer.from('assignment') }]
  assert.equal((await sync(client, 3, groupId, { memberId, assignments })).errorCode, ErrorCode.NONE)
  return memberId
}
