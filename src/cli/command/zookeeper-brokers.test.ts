import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from './command.ts'
import { int, serve, zookeeper } from './zookeeper.test.kit.ts'
import { zookeeperBrokers } from './zookeeper-brokers.ts'

/** What is found, and what is said to the user meanwhile. */
async function find(zookeeper: string): Promise<{ brokers: string; notes: string[] }> {
  const notes: string[] = []
  const brokers = await zookeeperBrokers(zookeeper, { note: (line) => void notes.push(line) })
  return { brokers, notes }
}

const registrations = {
  '/kafka/brokers/ids/1': '{"host":"one","port":9092,"endpoints":["PLAINTEXT://one:9092"]}',
  '/kafka/brokers/ids/2': '{"host":null,"port":-1,"endpoints":["SSL://two:9093"]}',
  '/kafka/brokers/ids/3': 'nonsense',
}

test('the brokers are those that are registered below the chroot, in whichever ZooKeeper answers', async () => {
  const port = await serve(zookeeper(registrations))
  assert.deepEqual(await find(`127.0.0.1:1,127.0.0.1:${port}/kafka/`), {
    brokers: 'one:9092,two:9093',
    notes: [],
  })
})

test('a ZooKeeper that knows of no broker is told of', async () => {
  const port = await serve(zookeeper({}))
  await assert.rejects(
    find(`127.0.0.1:${port}`),
    new UsageError(`The ZooKeeper at 127.0.0.1:${port} knows of no broker in /brokers/ids`),
  )
})

test('where no ZooKeeper answers, the brokers are at the same hosts and the port of Kafka', async () => {
  assert.deepEqual(await find('127.0.0.1:1,[::1]:1/kafka'), {
    brokers: '127.0.0.1:9092,[::1]:9092',
    notes: [
      'No ZooKeeper answers at 127.0.0.1:1,[::1]:1/kafka: asking the brokers at 127.0.0.1:9092,[::1]:9092',
    ],
  })
})

test('something else that answers is no ZooKeeper, whatever it says', async () => {
  const answers = [
    Buffer.alloc(0),
    Buffer.alloc(3),
    int(-1),
    Buffer.from('HTTP/1.1 400 Bad Request'),
    Buffer.alloc(40),
  ]
  for (const answer of answers) {
    const port = await serve(() => answer)
    assert.equal((await find(`127.0.0.1:${port}`)).brokers, '127.0.0.1:9092')
  }
})

test('lengths that an answer does not have are not believed', async () => {
  const session = zookeeper({})
  for (const length of [0x7fffffff, 5, -5]) {
    const port = await serve((payload, isFirst) =>
      isFirst
        ? session(payload, true)
        : Buffer.concat([payload.subarray(0, 4), Buffer.alloc(8), int(0), int(length)]),
    )
    await assert.rejects(find(`127.0.0.1:${port}`), /cut short|knows of no broker/)
  }
})

test('an address that is none is refused', async () => {
  for (const text of ['', 'a:b', 'a:99999', 'a b:1'])
    await assert.rejects(find(text), /in --zookeeper does not read as host:port/)
})
