/** What handlers do in situations that a client alone can't bring about: the rooms below are stand-ins. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DiskError } from '../../base/disk.ts'
import { silentLogger } from '../../base/logger.ts'
import { decodeBytes, encodeToBuffer } from '../../protocol/codec.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { FetchRequest } from '../../protocol/messages/01-fetch.ts'
import { ListOffsetsRequest } from '../../protocol/messages/02-list-offsets.ts'
import type { BrokerServices } from '../broker-services.ts'
import { LATER } from '../handler.ts'
import type { RequestContext } from '../request-context.ts'
import { fetchHandler } from './01-fetch.ts'
import { listOffsetsHandler } from './02-list-offsets.ts'

test('a long poll whose client has gone stops waiting', () => {
  let isEnded = false
  let abandon = (): void => {}
  const waiting = {
    forceComplete: () => {
      isEnded = true
      return true
    },
  }
  const services = {
    config: { fetchMaxBytes: 1 },
    quotas: { fetch: { valueMax: () => Number.POSITIVE_INFINITY } },
    fetchSessions: { newContext: () => ({ errorCode: ErrorCode.NONE, partitions: [] }) },
    replicaManager: { fetch: () => waiting },
  } as unknown as BrokerServices
  const context = {
    apiVersion: 4,
    release: () => {},
    whenAbandoned: (run: () => void) => {
      abandon = run
    },
  } as unknown as RequestContext
  const request = decodeBytes(FetchRequest, 4, encodeToBuffer(FetchRequest, 4, { maxWaitMs: 2 ** 31 - 1 }))
  assert.equal(fetchHandler(services).handle(request, context), LATER)
  assert.equal(isEnded, false)
  abandon()
  assert.equal(isEnded, true)
})

test('a disk error in ListOffsets is KAFKA_STORAGE_ERROR for that partition alone', () => {
  const partition = (lookupTimestamp: () => undefined) => ({
    isLeader: true,
    role: 'leader',
    unavailability: ErrorCode.NONE,
    checkLeaderEpoch: () => ErrorCode.NONE,
    onlineLog: { highWatermark: 5, lookupTimestamp },
  })
  const failing = (): undefined => {
    throw new DiskError('EIO', 'x', 'input/output error')
  }
  const partitions = [partition(failing), partition(() => undefined)]
  const services = {
    logger: silentLogger,
    replicaManager: { partition: (_: string, index: number) => partitions[index] },
  } as unknown as BrokerServices
  const body = {
    topics: [{ name: 't', partitions: [0, 1].map((partitionIndex) => ({ partitionIndex, timestamp: 7 })) }],
  }
  const request = decodeBytes(
    ListOffsetsRequest,
    5,
    encodeToBuffer(ListOffsetsRequest, 5, { replicaId: -1, ...body }),
  )
  const answer = listOffsetsHandler(services).handle(request, { apiVersion: 5 } as RequestContext)
  assert.ok(answer !== undefined && answer !== LATER && !(answer instanceof Promise))
  assert.deepEqual(
    answer.topics?.[0]?.partitions?.map(({ errorCode }) => errorCode),
    [ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NONE],
  )
})
