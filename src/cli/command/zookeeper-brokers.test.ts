import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SystemConnector } from '../../os/connector.ts'
import { SimClock } from '../../simulator/sim-clock.ts'
import { UsageError } from './command.ts'
import { int, serve, zookeeper } from './zookeeper.test.kit.ts'
import { zookeeperBrokers } from './zookeeper-brokers.ts'

const registrations = {
  '/kafka/brokers/ids/1': '{"host":"one","port":9092,"endpoints":["PLAINTEXT://one:9092"]}',
  '/kafka/brokers/ids/2': '{"host":null,"port":-1,"endpoints":["SSL://two:9093"]}',
  '/kafka/brokers/ids/3': 'nonsense',
}

test('the brokers are those that are registered below the chroot, in whichever ZooKeeper answers', async () => {
  const port = await serve(zookeeper(registrations))
  assert.equal(await zookeeperBrokers(`127.0.0.1:1,127.0.0.1:${port}/kafka/`), 'one:9092,two:9093')
})

test('a ZooKeeper that knows of no broker is told of', async () => {
  const port = await serve(zookeeper({}))
  await assert.rejects(
    zookeeperBrokers(`127.0.0.1:${port}`),
    new UsageError(`The ZooKeeper at 127.0.0.1:${port} knows of no broker in /brokers/ids`),
  )
})

test('where no ZooKeeper answers, the brokers are at the same hosts and the port of Kafka', async () => {
  assert.equal(await zookeeperBrokers('127.0.0.1:1,[::1]:1/kafka'), '127.0.0.1:9092,[::1]:9092')
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
    assert.equal(await zookeeperBrokers(`127.0.0.1:${port}`), '127.0.0.1:9092')
  }
})

test('what takes a connection and says nothing is not waited for', async () => {
  const clock = new SimClock()
  const port = await serve(() => {
    setImmediate(() => clock.advance(3000))
    return undefined
  })
  assert.equal(
    await zookeeperBrokers(`127.0.0.1:${port}`, { connector: new SystemConnector(), clock }),
    '127.0.0.1:9092',
  )
})

test('lengths that an answer does not have are not believed', async () => {
  const session = zookeeper({})
  for (const length of [0x7fffffff, 5]) {
    const port = await serve((payload, isFirst) =>
      isFirst
        ? session(payload, true)
        : Buffer.concat([payload.subarray(0, 4), Buffer.alloc(8), int(0), int(length)]),
    )
    assert.equal(await zookeeperBrokers(`127.0.0.1:${port}`), '127.0.0.1:9092')
  }
})

test('an address that is none is refused', async () => {
  for (const text of ['', 'a:b', 'a:99999', 'a b:1'])
    await assert.rejects(zookeeperBrokers(text), /in --zookeeper does not read as host:port/)
})
