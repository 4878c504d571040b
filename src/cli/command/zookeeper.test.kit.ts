/** A ZooKeeper that only answers what is read there, for tests of commands that ask one. */
import { afterEach } from 'node:test'
import type { Listener, Socket } from '../../base/network.ts'
import { SystemNetwork } from '../../os/network.ts'

const listeners: Listener[] = []
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()))
})

/** What becomes of a frame; undefined: no answer. */
type Answering = (payload: Buffer, isFirst: boolean) => Buffer | undefined

/** Resolves with its port. */
export async function serve(answer: Answering): Promise<number> {
  const listener = await new SystemNetwork().listen({ host: '127.0.0.1', port: 0 }, (socket) =>
    frames(socket, answer),
  )
  listeners.push(listener)
  return listener.port
}

function frames(socket: Socket, answer: Answering) {
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
        if (payload === undefined) continue
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

export const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const bytes = (text: string): Buffer => Buffer.concat([int(Buffer.byteLength(text)), Buffer.from(text)])

/** A ZooKeeper with these nodes: what they hold, by their paths. */
export function zookeeper(nodes: Readonly<Record<string, string>>) {
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
