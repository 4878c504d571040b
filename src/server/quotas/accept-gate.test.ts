import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../simulator/sim-clock.ts'
import { connected, correlationIds, heartbeat, QUOTA_WINDOW } from '../socket-server.test.kit.ts'
import { AcceptGate } from './accept-gate.ts'
import { ConnectionQuotas } from './connection-quotas.ts'

class FakeSocket {
  readonly remoteAddress: string
  state = 'open'
  constructor(remoteAddress = '10.0.0.1') {
    this.remoteAddress = remoteAddress
  }
  pause(): void {
    this.state = 'paused'
  }
  resume(): void {
    this.state = 'open'
  }
  destroy(): void {
    this.state = 'closed'
  }
}

function gate(brokerBound?: number) {
  const clock = new SimClock()
  const quotas = new ConnectionQuotas(clock, QUOTA_WINDOW, brokerBound)
  const acceptGate = new AcceptGate(clock, quotas)
  const accept = (address?: string): FakeSocket => {
    const socket = new FakeSocket(address)
    acceptGate.admits(socket as never)
    return socket
  }
  return { clock, quotas, accept }
}

test('connections beyond the rate of the broker wait in one line, and get through at that rate', () => {
  const { clock, accept } = gate(5)
  const sockets = Array.from({ length: 200 }, () => accept())
  const open = (): number => sockets.filter(({ state }) => state === 'open').length
  assert.equal(open(), 50)
  // The burst counts for all windows, while nobody waits for more than one of them.
  clock.advance(10_000)
  assert.ok(open() > 55 && open() <= 100, `${open()}`)
  clock.advance(60_000)
  assert.equal(open(), 200)
  assert.equal(
    sockets.some(({ state }) => state === 'closed'),
    false,
  )
})

test('an address that comes too often is held unread and closed; it counts neither there nor for the broker', () => {
  const { clock, quotas, accept } = gate(12)
  quotas.setBound('10.0.0.1', 1)
  const sockets = Array.from({ length: 30 }, () => accept())
  assert.equal(sockets.filter(({ state }) => state === 'open').length, 10)
  assert.equal(sockets.filter(({ state }) => state === 'paused').length, 20)
  const others = Array.from({ length: 110 }, () => accept('10.0.0.2'))
  assert.equal(
    others.every(({ state }) => state === 'open'),
    true,
  )
  clock.advance(1000)
  assert.equal(sockets.filter(({ state }) => state === 'closed').length, 20)
  clock.advance(11_000)
  assert.equal(accept().state, 'open')
})

test('an address has its own bound before the default, and neither when both are taken away', () => {
  const { quotas, accept } = gate()
  quotas.setBound(null, 1)
  quotas.setBound('10.0.0.1', 2)
  const openOf = (address: string): number =>
    Array.from({ length: 30 }, () => accept(address)).filter(({ state }) => state === 'open').length
  assert.equal(openOf('10.0.0.1'), 20)
  assert.equal(openOf('10.0.0.2'), 10)
  quotas.setBound(null, undefined)
  quotas.setBound('10.0.0.1', undefined)
  assert.equal(quotas.isEnabled, false)
  assert.equal(openOf('10.0.0.1'), 30)
})

test('no more than a thousand connections are held', () => {
  const { accept } = gate(1)
  const sockets = Array.from({ length: 1500 }, () => accept())
  assert.equal(sockets.filter(({ state }) => state === 'paused').length, 1000)
  assert.equal(sockets.filter(({ state }) => state === 'closed').length, 490)
})

test('a client that waits at the gate is served when its turn has come', async () => {
  const { network, clock, port } = await connected({ connectionRate: 1 })
  // With the one that the kit has made they are ten.
  const clients = Array.from({ length: 9 }, () => network.connect(port))
  for (const [i, each] of clients.entries()) each.send(heartbeat(i))
  network.run()
  assert.equal(clients.filter((each) => each.received().length > 0).length, 9)
  const late = network.connect(port)
  late.send(heartbeat(77))
  network.run()
  assert.equal(late.received().length, 0)
  clock.advance(1000)
  network.run()
  assert.deepEqual(correlationIds(late.received()), [77])
})
