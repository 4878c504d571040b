import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { Listener, Socket } from '../../base/network.ts'
import { SystemNetwork } from '../../os/network.ts'
import { UsageError } from './command.ts'
import { zookeeperBrokers } from './zookeeper-brokers.ts'

const listeners: Listener[] = []
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()))
})

/** What is found, and what is said to the user meanwhile. */
async function find(zookeeper: string): Promise<{ brokers: string; notes: string[] }> {
  const notes: string[] = []
  const brokers = await zookeeperBrokers(zookeeper, { note: (line) => void notes.push(line) })
  return { brokers, notes }
}

/** Answers with whatever `answer` makes of a frame. Resolves with its port. */
async function serve(answer: (payload: Buffer, isFirst: boolean) => Buffer): Promise<number> {
  const listener = await new SystemNetwork().listen({ host: '127.0.0.1', port: 0 }, (socket) =>
    frames(socket, answer),
  )
  listeners.push(listener)
  return listener.port
}

function frames(socket: Socket, answer: (payload: Buffer, isFirst: boolean) => Buffer) {
  const into = Buffer.alloc(65536)
  let received = Buffer.alloc(0)
  let isFirst = true
  return {
    readBuffer: () => into,
    onRead(byteCount: number) {
      received = Buffer.concat([received, into.subarray(0, byteCount)])
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE()) {
        const end = 4 + received.readInt32BE()
        const payload = answer(received.subarray(4, end), isFirst)
        isFirst = false
        received = received.subarray(end)
        const length = Buffer.alloc(4)
        length.writeInt32BE(payload.length)
        // In two parts, as a network may bring them.
        socket.write([length, payload.subarray(0, 3)])
        socket.write([payload.subarray(3)])
      }
    },
    onDrain() {},
    onEnd: () => socket.end(),
    onClose() {},
  }
}

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const bytes = (text: string): Buffer => Buffer.concat([int(Buffer.byteLength(text)), Buffer.from(text)])

/** A ZooKeeper with these nodes: what they hold, by their paths. */
function zookeeper(nodes: Readonly<Record<string, string>>) {
  return (payload: Buffer, isFirst: boolean): Buffer => {
    if (isFirst)
      return Buffer.concat([int(0), int(30000), int(1), int(7), int(16), Buffer.alloc(16), Buffer.alloc(1)])
    if (payload.readInt32BE(4) === -11) return payload // the end of the session
    const path = payload.subarray(12, 12 + payload.readInt32BE(8)).toString()
    const isChildren = payload.readInt32BE(4) === 8
    const children = Object.keys(nodes).filter((each) => each.startsWith(`${path}/`))
    const isThere = isChildren ? children.length > 0 : nodes[path] !== undefined
    const header = Buffer.concat([payload.subarray(0, 4), Buffer.alloc(8), int(isThere ? 0 : -101)])
    if (!isThere) return header
    const names = children.map((each) => bytes(each.slice(path.length + 1)))
    return Buffer.concat([header, ...(isChildren ? [int(names.length), ...names] : [bytes(nodes[path]!)])])
  }
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
