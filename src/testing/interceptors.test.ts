import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { KafkaError } from '../client/index.ts'
import { METADATA } from '../client/network/cluster.ts'
import type { Interceptor } from './index.ts'
import { DISCONNECT, DROP, failWith, startBroker } from './index.ts'
import {
  adminOf,
  brokerOf,
  clusterOf,
  createTopic,
  FETCH,
  producerOf,
  valuesOf,
} from './test-broker.test.kit.ts'

const broker = await brokerOf()
const admin = adminOf(broker)
let topicCount = 0

async function newTopic(): Promise<string> {
  const name = `topic-${topicCount++}`
  await createTopic(admin, name)
  return name
}

/** Puts an interceptor in for the time of `run`. */
async function intercepting<T>(
  api: 'Produce' | 'Fetch' | 'Metadata',
  by: Interceptor,
  run: () => Promise<T>,
) {
  const remove = broker.intercept(api, by)
  try {
    return await run()
  } finally {
    remove()
  }
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof KafkaError && error.code === code
}

describe('intercept', () => {
  it('shows a request with who sent it, and answers as the broker does when nothing is returned', async () => {
    const topic = await newTopic()
    const producer = producerOf(broker, { clientId: 'shop' })
    const seen: unknown[] = []
    await intercepting(
      'Produce',
      ({ api, apiKey, version, clientId, request }) => {
        const { partitionData } = request.topicData[0]
        seen.push([api, apiKey, version >= 9, clientId, partitionData[0].index])
      },
      () => producer.send({ topic, value: 'a' }),
    )
    await producer.send({ topic, value: 'b' })
    assert.deepEqual(seen, [['Produce', 0, true, 'shop', 0]])
    assert.deepEqual(await valuesOf(broker, topic), ['a', 'b'])
  })

  it('delays an answer, and lets other connections pass', async () => {
    const topic = await newTopic()
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const order: string[] = []
    const slow = producerOf(broker, { clientId: 'slow' })
    const fast = producerOf(broker, { clientId: 'fast' })
    await intercepting(
      'Produce',
      async ({ clientId }, next) => {
        if (clientId === 'slow') await held
        return next()
      },
      async () => {
        const first = slow.send({ topic, value: 'slow' }).then(() => order.push('slow'))
        await fast.send({ topic, value: 'fast' })
        order.push('fast')
        release()
        await first
      },
    )
    assert.deepEqual(order, ['fast', 'slow'])
    assert.deepEqual(await valuesOf(broker, topic), ['fast', 'slow'])
  })

  it('fails a request with an error, before or after the broker has done what was asked', async () => {
    const topic = await newTopic()
    const producer = producerOf(broker, { enableIdempotence: false, retries: 0 })
    await producer.send({ topic, value: 'a' })
    await intercepting(
      'Produce',
      async (_, next) => failWith(await next(), 'INVALID_REQUIRED_ACKS'),
      () => assert.rejects(producer.send({ topic, value: 'b' }), hasCode('INVALID_REQUIRED_ACKS')),
    )
    await intercepting(
      'Produce',
      ({ request }) => {
        const [{ name, topicId }] = request.topicData
        return { responses: [{ name, topicId, partitionResponses: [{ index: 0, errorCode: 29 }] }] }
      },
      () => assert.rejects(producer.send({ topic, value: 'c' }), hasCode('TOPIC_AUTHORIZATION_FAILED')),
    )
    assert.deepEqual(await valuesOf(broker, topic), ['a', 'b'])
  })

  it('closes the connection instead of an answer, and an idempotent producer writes no record twice', async () => {
    const topic = await newTopic()
    const producer = producerOf(broker)
    await producer.send({ topic, value: 'a' })
    let left = 3
    await intercepting(
      'Produce',
      async (_, next) => {
        if (left-- <= 0) return next()
        await next()
        return DISCONNECT
      },
      () => producer.send({ topic, value: 'b' }),
    )
    assert.ok(left < 0)
    assert.deepEqual(await valuesOf(broker, topic), ['a', 'b'])
  })

  it('may answer before the broker is done, whose own answer is then nobody’s', async () => {
    const topic = await newTopic()
    const producer = producerOf(broker)
    await producer.send({ topic, value: 'a' })
    let count = 0
    await intercepting(
      'Produce',
      (_, next) => {
        void next()
        return count++ < 2 ? DISCONNECT : undefined
      },
      () => producer.send({ topic, value: 'b' }),
    )
    assert.equal(count, 3)
    assert.deepEqual(await valuesOf(broker, topic), ['a', 'b'])
  })

  it('leaves a client without an answer until it gives up', async () => {
    const topic = await newTopic()
    const producer = producerOf(broker, { enableIdempotence: false, retries: 0, requestTimeoutMs: 50 })
    await producer.partitionsFor(topic)
    await intercepting(
      'Produce',
      () => DROP,
      () => assert.rejects(producer.send({ topic, value: 'lost' }), hasCode('TIMEOUT')),
    )
    assert.deepEqual(await valuesOf(broker, topic), [])
    await producer.send({ topic, value: 'next' })
    assert.deepEqual(await valuesOf(broker, topic), ['next'])
  })

  it('asks the one that was added last first, and hands its answers to the one around it', async () => {
    const order: string[] = []
    const named =
      (name: string): Interceptor =>
      async (_, next) => {
        order.push(`${name} in`)
        const answer = await next()
        order.push(`${name} out`)
        return { ...answer, clusterId: `${answer.clusterId}, ${name}` }
      }
    const removals = ['inner', 'outer'].map((name) => broker.intercept('Metadata', named(name)))
    const cluster = clusterOf(broker)
    const { clusterId } = await cluster.callAny(METADATA, { topics: [] })
    for (const remove of removals) remove()
    assert.deepEqual(order, ['outer in', 'inner in', 'inner out', 'outer out'])
    assert.equal(clusterId, `${broker.clusterId}, inner, outer`)
    assert.equal((await cluster.callAny(METADATA, { topics: [] })).clusterId, broker.clusterId)
  })

  it('has a request handled once, however often an interceptor asks', async () => {
    const topic = await newTopic()
    const producer = producerOf(broker)
    await intercepting(
      'Produce',
      async (_, next) => {
        const answers = await Promise.all([next(), next()])
        assert.equal(answers[0], answers[1])
        return next()
      },
      () => producer.send({ topic, value: 'once' }),
    )
    assert.deepEqual(await valuesOf(broker, topic), ['once'])
  })

  it('takes out the one that is meant, also where the same function was added twice', async () => {
    let count = 0
    const counting: Interceptor = () => void count++
    const first = broker.intercept('Metadata', counting)
    const second = broker.intercept(3, counting)
    const cluster = clusterOf(broker)
    const ask = async (): Promise<number> => {
      count = 0
      await cluster.callAny(METADATA, { topics: [] })
      return count
    }
    await cluster.anyConnection()
    assert.equal(await ask(), 2)
    second()
    second()
    assert.equal(await ask(), 1)
    first()
    assert.equal(await ask(), 0)
  })

  it('is passed by what the client expects no answer to', async () => {
    const topic = await newTopic()
    const producer = producerOf(broker, { acks: 0, enableIdempotence: false })
    let answer: unknown = 'none yet'
    await intercepting(
      'Produce',
      async (_, next) => {
        answer = await next()
      },
      async () => {
        await producer.send({ topic, value: 'a' })
        while ((await valuesOf(broker, topic)).length === 0);
      },
    )
    assert.equal(answer, undefined)
  })

  it('lets a long poll wait, for records or for time', async () => {
    const topic = await newTopic()
    const cluster = clusterOf(broker)
    await cluster.topic(topic)
    let waiting = (): void => {}
    const poll = (fetchOffset: number) => {
      const topics = [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1000 }] }]
      const isWaiting = new Promise<void>((resolve) => {
        waiting = resolve
      })
      const body = { maxWaitMs: 60_000, minBytes: 1, maxBytes: 1000, topics }
      const polled = cluster.callAny(FETCH, body, { timeoutMs: 120_000 })
      return { polled, isWaiting }
    }
    await intercepting(
      'Fetch',
      (_, next) => {
        const answer = next()
        waiting()
        return answer
      },
      async () => {
        const first = poll(0)
        await first.isWaiting
        await producerOf(broker).send({ topic, value: 'a' })
        assert.ok((await first.polled).responses[0]!.partitions[0]!.records)
        const second = poll(1)
        await second.isWaiting
        await broker.advance('60s')
        assert.equal((await second.polled).responses.length, 1)
      },
    )
  })

  it('warns of one that throws, or answers what can’t be sent, and closes the connection', async () => {
    const cluster = clusterOf(broker)
    const faults: [Interceptor, RegExp][] = [
      [() => assert.fail('wrong in the test'), /wrong in the test/],
      [async () => ({ throttleTimeMs: 2 ** 40 }), /throttleTimeMs/],
    ]
    for (const [fault, message] of faults) {
      const warned = once(process, 'warning')
      await intercepting('Metadata', fault, () =>
        assert.rejects(cluster.callAny(METADATA, { topics: [] }), hasCode('NETWORK')),
      )
      const [warning] = await warned
      assert.match(String(warning), message)
    }
  })

  it('knows the APIs by their names in Kafka’s documents, and no others', () => {
    for (const name of [
      'Produce',
      'ListOffsets',
      'SaslHandshake',
      'AddOffsetsToTxn',
      'ConsumerGroupHeartbeat',
    ])
      broker.intercept(name as 'Produce', () => DROP)()
    assert.throws(() => broker.intercept('produce' as 'Produce', () => DROP), TypeError)
  })

  it('does not keep a broker from stopping, nor one that is reset', async () => {
    const other = await startBroker()
    const cluster = clusterOf(other)
    await cluster.refresh()
    const begun = performance.now()
    for (const end of [() => other.reset(), () => other.close()]) {
      let arrived = (): void => {}
      const arrival = new Promise<void>((resolve) => {
        arrived = resolve
      })
      other.intercept('Metadata', (call) => {
        arrived()
        return call.version < 0 ? undefined : DROP
      })
      const dropped = assert.rejects(cluster.callAny(METADATA, { topics: [] }), hasCode('NETWORK'))
      await arrival
      await end()
      await dropped
    }
    assert.ok(performance.now() - begun < 10_000)
  })
})

describe('failWith', () => {
  it('replaces every error code, in a copy, and nothing else', () => {
    const records = Buffer.from('x')
    const response = {
      errorCode: 0,
      topics: [{ name: 't', partitions: [{ index: 1, errorCode: 3, records }] }],
      node: null,
    }
    const failed = failWith(response, 'NOT_COORDINATOR')
    assert.deepEqual(failed, {
      errorCode: 16,
      topics: [{ name: 't', partitions: [{ index: 1, errorCode: 16, records }] }],
      node: null,
    })
    assert.equal(failed.topics[0]!.partitions[0]!.records, records)
    assert.equal(response.errorCode, 0)
    assert.equal(failWith({ topErrorCode: 1 }, -1).topErrorCode, -1)
  })
})
