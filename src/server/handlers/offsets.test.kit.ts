import assert from 'node:assert/strict'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../../protocol/messages/08-offset-commit.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../protocol/messages/09-offset-fetch.ts'
import {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../protocol/messages/10-find-coordinator.ts'
import type { Draft } from '../../protocol/schema.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import type { TestClient } from './handlers.test.kit.ts'

export interface TestOffset {
  readonly topic?: string
  readonly topicId?: string
  readonly partition?: number
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string | null
  readonly commitTimestamp?: number
}

/** Has __consumer_offsets made, and waits until it serves the group. */
export async function readyGroup(client: TestClient, groupId: string): Promise<void> {
  const keys = { coordinatorKeys: [groupId] }
  await client.call(FindCoordinatorRequest, FindCoordinatorResponse, 4, keys)
  for (let tries = 0; tries < 10_000; tries++) {
    const request = { groups: [{ groupId, topics: [] }] }
    const { groups } = await client.call(OffsetFetchRequest, OffsetFetchResponse, 8, request)
    if (groups[0]!.errorCode === ErrorCode.NONE) return
  }
  assert.fail(`there is no coordinator for ${groupId}`)
}

/** Commits, and returns the error code of each offset. */
export async function commit(
  client: TestClient,
  version: number,
  groupId: string,
  offsets: readonly TestOffset[],
  fields: Partial<Draft<typeof OffsetCommitRequest>> = {},
): Promise<number[]> {
  const { topics } = await client.call(OffsetCommitRequest, OffsetCommitResponse, version, {
    groupId,
    ...fields,
    topics: offsets.map(({ topic = '', topicId = ZERO_UUID, partition = 0, ...rest }) => ({
      name: topic,
      topicId,
      partitions: [
        {
          partitionIndex: partition,
          committedOffset: rest.offset,
          committedLeaderEpoch: rest.leaderEpoch ?? -1,
          committedMetadata: rest.metadata === undefined ? '' : rest.metadata,
          commitTimestamp: rest.commitTimestamp ?? -1,
        },
      ],
    })),
  })
  return topics.map(({ name, topicId, partitions }, i) => {
    const asked = offsets[i]!
    if (version < 10) assert.equal(name, asked.topic ?? '')
    else assert.equal(topicId, asked.topicId)
    assert.equal(partitions[0]!.partitionIndex, asked.partition ?? 0)
    return partitions[0]!.errorCode
  })
}

/** `3=42`, `3=42@6(note)` or `3=-1!error` for each partition asked; `!error` if the group has one. */
export async function fetchOffsets(
  client: TestClient,
  version: number,
  groupId: string,
  topic: string | { readonly id: string },
  partitionIndexes: readonly number[],
  fields: { requireStable?: boolean; memberId?: string; memberEpoch?: number } = {},
): Promise<string[]> {
  const { requireStable = false, ...member } = fields
  const name = typeof topic === 'string' ? topic : ''
  const topicId = typeof topic === 'string' ? ZERO_UUID : topic.id
  const topics = [{ name, topicId, partitionIndexes }]
  const response = await client.call(OffsetFetchRequest, OffsetFetchResponse, version, {
    requireStable,
    ...(version >= 8 ? { groups: [{ groupId, ...member, topics }] } : { groupId, topics }),
  })
  return toldOffsets(version >= 8 ? response.groups[0]! : response)
}

export function toldOffsets({ errorCode, topics }: Told): string[] {
  if (errorCode !== ErrorCode.NONE) return [`!${errorCode}`]
  return topics.flatMap(({ partitions }) =>
    partitions.map((each) => {
      const epoch = each.committedLeaderEpoch === -1 ? '' : `@${each.committedLeaderEpoch}`
      const metadata = each.metadata === '' ? '' : `(${each.metadata})`
      const error = each.errorCode === ErrorCode.NONE ? '' : `!${each.errorCode}`
      return `${each.partitionIndex}=${each.committedOffset}${epoch}${metadata}${error}`
    }),
  )
}

interface Told {
  readonly errorCode: number
  readonly topics: readonly {
    readonly partitions: readonly {
      readonly partitionIndex: number
      readonly committedOffset: number
      readonly committedLeaderEpoch: number
      readonly metadata: string | null
      readonly errorCode: number
    }[]
  }[]
}
