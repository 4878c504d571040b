/** What a Produce does while a transaction's coordinator is asked: with a coordinator that answers when the test says so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import type { VerificationRequest } from '../../coordinator/transaction/transaction-verifier.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { ProduceRequest } from '../../protocol/messages/00-produce.ts'
import { buildEndTransactionMarker } from '../../records/record-batch-builder.ts'
import {
  partitionOf,
  batch as plainBatch,
  startLeader,
  turn,
} from '../../replica/replica-manager.test.kit.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import type { BrokerServices } from '../broker-services.ts'
import type { Frame } from '../frame-reader.ts'
import { type ConnectionInfo, RequestContext } from '../request-context.ts'
import { produceHandler } from './00-produce.ts'

const PRODUCER = { producerId: 7, producerEpoch: 0 }
const { INVALID_TXN_STATE, NOT_ENOUGH_REPLICAS, CONCURRENT_TRANSACTIONS, INVALID_PRODUCER_EPOCH } = ErrorCode

interface Sent {
  readonly context: RequestContext
  readonly frame: { released: number }
  /** Error and base offset, once there is an answer. */
  told(): [errorCode: number, baseOffset: number, message: string | null] | undefined
}

/** Partition 0 of topic `t`, and a coordinator whose answers are resolved by hand. */
async function setUp({ isVerifying = true } = {}) {
  const kit = await startLeader()
  const asked: { request: VerificationRequest; answer: (errorCode: number) => void }[] = []
  const services = {
    replicaManager: kit.manager,
    clock: kit.clock,
    logger: silentLogger,
    metadataCache: { partition: () => undefined },
    config: { transactionPartitionVerificationEnable: isVerifying },
    transactionVerifier: {
      verify: (request: VerificationRequest) =>
        new Promise<number[]>((resolve) => {
          asked.push({ request, answer: (errorCode) => resolve(request.partitions.map(() => errorCode)) })
        }),
    },
    quotas: { produce: { isEnabled: false } },
  } as unknown as BrokerServices
  const handler = produceHandler(services)
  const send = (
    records: Buffer,
    options: { version?: number; connection?: ConnectionInfo; transactionalId?: string | null } = {},
  ): Sent => {
    const { version = 9, connection = first, transactionalId = 'txn' } = options
    const frame = { released: 0, bytes: Buffer.alloc(0), release: () => void frame.released++ }
    const fields = {
      apiVersion: version,
      correlationId: 1,
      clientId: 'test',
      responseVersion: version,
      requestBytes: 0,
    }
    const context = new RequestContext(
      handler,
      fields,
      connection,
      { onResponded: () => {} },
      frame as unknown as Frame,
    )
    const request = {
      transactionalId,
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: 't', topicId: ZERO_UUID, partitionData: [{ index: 0, records }] }],
    }
    handler.handle(request as ProduceRequest, context as never)
    let answered: ReturnType<Sent['told']>
    const told = (): ReturnType<Sent['told']> => {
      const response = context.takeResponse() as
        | {
            responses: {
              partitionResponses: { errorCode: number; baseOffset: number; errorMessage: string | null }[]
            }[]
          }
        | undefined
      if (response !== undefined) {
        const { errorCode, baseOffset, errorMessage } = response.responses[0]!.partitionResponses[0]!
        answered = [errorCode, baseOffset, errorMessage]
      }
      return answered
    }
    return { context, frame, told }
  }
  const first = {} as ConnectionInfo
  const log = partitionOf(kit.manager).onlineLog
  return { ...kit, asked, send, log }
}

function batch(baseSequence: number, producerEpoch = 0): Buffer {
  return plainBatch(`v${baseSequence}`, { ...PRODUCER, producerEpoch, baseSequence, isTransactional: true })
}

test('the frame is kept until the coordinator has answered and the records are written', async () => {
  const at = await setUp()
  const sent = at.send(batch(0))
  await turn(at)
  assert.deepEqual(
    [at.asked.length, sent.told(), sent.frame.released, at.log.logEndOffset],
    [1, undefined, 0, 0],
  )
  const { request } = at.asked[0]!
  assert.deepEqual(request, {
    ...PRODUCER,
    transactionalId: 'txn',
    partitions: [{ topic: 't', partition: 0 }],
    addsPartitions: false,
    knowsAbortable: false,
  })
  at.asked[0]!.answer(0)
  await turn(at)
  assert.deepEqual([sent.told(), sent.frame.released], [[0, 0, null], 1])
})

test('later versions say what their client knows, and have partitions added', async () => {
  const at = await setUp()
  const flags: [boolean, boolean][] = []
  for (const version of [10, 11, 12]) {
    at.send(batch(0), { version, connection: {} as ConnectionInfo })
    const { knowsAbortable, addsPartitions } = at.asked.at(-1)!.request
    flags.push([knowsAbortable, addsPartitions])
  }
  assert.deepEqual(flags, [
    [false, false],
    [true, false],
    [true, true],
  ])
})

test('what comes behind on the connection waits, whatever it is, and other connections do not', async () => {
  const at = await setUp()
  const sent = [at.send(batch(0)), at.send(batch(1)), at.send(plainBatch('plain'), { transactionalId: null })]
  const elsewhere = at.send(plainBatch('other'), { transactionalId: null, connection: {} as ConnectionInfo })
  await turn(at)
  assert.deepEqual([elsewhere.told(), at.asked.length], [[0, 0, null], 1])
  at.asked[0]!.answer(0)
  await turn(at)
  assert.deepEqual(
    sent.map(({ told }) => told()?.[1]),
    [1, 2, 3],
  )
  assert.equal(at.asked.length, 1, 'the second found the transaction ongoing')
})

test('a batch behind one that was refused is asked about in its turn', async () => {
  const at = await setUp()
  const sent = [at.send(batch(0)), at.send(batch(1)), at.send(batch(2))]
  at.asked[0]!.answer(ErrorCode.NOT_COORDINATOR)
  await turn(at)
  assert.deepEqual(
    sent.map(({ told }) => told()?.[0]),
    [NOT_ENOUGH_REPLICAS, undefined, undefined],
  )
  at.asked[1]!.answer(0)
  await turn(at)
  at.asked[2]!.answer(0)
  await turn(at)
  const { OUT_OF_ORDER_SEQUENCE_NUMBER } = ErrorCode
  assert.deepEqual(
    sent.map(({ told }) => told()?.[0]),
    [NOT_ENOUGH_REPLICAS, OUT_OF_ORDER_SEQUENCE_NUMBER, OUT_OF_ORDER_SEQUENCE_NUMBER],
  )
  const again = at.send(batch(0))
  at.asked[3]!.answer(0)
  await turn(at)
  assert.deepEqual(again.told(), [0, 0, null], 'its place was kept')
})

test('a connection that goes takes what waited along, and nothing of it is written', async () => {
  const at = await setUp()
  const sent = [at.send(batch(0)), at.send(batch(1))]
  for (const { context } of sent) context.abandon()
  assert.deepEqual(
    sent.map(({ frame }) => frame.released),
    [1, 1],
  )
  at.asked[0]!.answer(0)
  await turn(at)
  assert.deepEqual([at.log.logEndOffset, at.asked.length], [0, 1])
})

test('a connection that goes when its records are staged keeps its frame until they are written', async () => {
  const at = await setUp()
  const sent = at.send(batch(0))
  at.asked[0]!.answer(0)
  await Promise.resolve()
  await Promise.resolve()
  await Promise.resolve()
  sent.context.abandon()
  await turn(at)
  assert.deepEqual([sent.frame.released, at.log.logEndOffset], [1, 1])
})

test('a marker between the answer and the append makes it void', async () => {
  const at = await setUp()
  const sent = at.send(batch(0))
  const marker = buildEndTransactionMarker({
    ...PRODUCER,
    committed: false,
    coordinatorEpoch: 0,
    timestampMs: 1,
  })
  at.manager.append(partitionOf(at.manager), marker, {
    origin: 'coordinator',
    waiter: { onAppendDone: () => {} },
  })
  at.asked[0]!.answer(0)
  await turn(at)
  assert.deepEqual([sent.told()?.[0], at.log.logEndOffset], [INVALID_TXN_STATE, 1])
})

test("the coordinator's errors become what the client's version can deal with", async () => {
  const at = await setUp()
  const told: unknown[] = []
  const cases = [
    [9, INVALID_TXN_STATE],
    [9, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS],
    [9, ErrorCode.NETWORK_EXCEPTION],
    [9, CONCURRENT_TRANSACTIONS],
    [12, CONCURRENT_TRANSACTIONS],
    [9, INVALID_PRODUCER_EPOCH],
    [11, ErrorCode.TRANSACTION_ABORTABLE],
    [9, ErrorCode.INVALID_PRODUCER_ID_MAPPING],
  ] as const
  for (const [version, errorCode] of cases) {
    const sent = at.send(batch(0), { version })
    at.asked.at(-1)!.answer(errorCode)
    await turn(at)
    told.push(sent.told()?.[0])
  }
  assert.deepEqual(told, [
    INVALID_TXN_STATE,
    NOT_ENOUGH_REPLICAS,
    NOT_ENOUGH_REPLICAS,
    NOT_ENOUGH_REPLICAS,
    CONCURRENT_TRANSACTIONS,
    INVALID_PRODUCER_EPOCH,
    ErrorCode.TRANSACTION_ABORTABLE,
    ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ])
  assert.equal(at.log.logEndOffset, 0)
})

test('an epoch that the partition knows to be fenced is refused without a question', async () => {
  const at = await setUp()
  at.send(plainBatch('v', { ...PRODUCER, producerEpoch: 3, baseSequence: 0 }), { transactionalId: null })
  await turn(at)
  const sent = at.send(batch(0, 2))
  await turn(at)
  assert.deepEqual([sent.told()?.[0], at.asked.length], [INVALID_PRODUCER_EPOCH, 0])
})

test('with transaction.partition.verification.enable=false only versions that add partitions ask', async () => {
  const at = await setUp({ isVerifying: false })
  const sent = at.send(batch(0), { version: 11 })
  await turn(at)
  assert.deepEqual([sent.told()?.[0], at.asked.length], [0, 0])
  at.send(plainBatch('w', { producerId: 8, producerEpoch: 0, baseSequence: 0, isTransactional: true }), {
    version: 12,
  })
  assert.equal(at.asked.length, 1)
})
