import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from './broker-config.ts'

function parse(entries: Record<string, string>): BrokerConfig {
  return BrokerConfig.parse(new Map(Object.entries(entries))).config
}

test('a listener with a host advertises that host', () => {
  const config = parse({ listeners: 'PLAINTEXT://127.0.0.1:9092' })
  assert.deepEqual(
    config.advertisedListeners.map(({ host, port }) => [host, port]),
    [['127.0.0.1', 9092]],
  )
})

test('a wildcard listener advertises no host of its own: clients are told what they dialled', () => {
  for (const listeners of ['PLAINTEXT://:9092', 'PLAINTEXT://0.0.0.0:9092', 'PLAINTEXT://[::]:9092']) {
    assert.equal(parse({ listeners }).advertisedListeners[0]?.host, undefined, listeners)
  }
  assert.equal(parse({ listeners: 'PLAINTEXT://0.0.0.0:9092' }).listeners[0]?.host, '0.0.0.0')
})

test('IPv6 hosts come in brackets', () => {
  assert.equal(parse({ listeners: 'PLAINTEXT://[::1]:9092' }).listeners[0]?.host, '::1')
})

test('several listeners have names of their own, mapped to protocols', () => {
  const config = parse({
    listeners: 'internal://127.0.0.1:9092, EXTERNAL://0.0.0.0:9093',
    'listener.security.protocol.map': 'INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT',
    'advertised.listeners': 'EXTERNAL://kafka.example.org:443,INTERNAL://127.0.0.1:9092',
    'inter.broker.listener.name': 'internal',
  })
  assert.deepEqual(
    config.listeners.map(({ listenerName }) => listenerName),
    ['INTERNAL', 'EXTERNAL'],
  )
  assert.deepEqual(
    config.advertisedListeners.map(({ host, port }) => [host, port]),
    [
      ['kafka.example.org', 443],
      ['127.0.0.1', 9092],
    ],
  )
  assert.equal(config.interBrokerListenerName, 'INTERNAL')
})

test('one port may serve an IPv4 and an IPv6 address, and port 0 any number of listeners', () => {
  const map = { 'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,B:PLAINTEXT' }
  assert.equal(parse({ ...map, listeners: 'PLAINTEXT://127.0.0.1:9092,B://[::1]:9092' }).listeners.length, 2)
  assert.equal(parse({ ...map, listeners: 'PLAINTEXT://127.0.0.1:0,B://127.0.0.1:0' }).listeners.length, 2)
})

test('advertised names must be listeners, and may leave some out', () => {
  const map = { 'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,B:PLAINTEXT' }
  const listeners = 'PLAINTEXT://127.0.0.1:9092,B://127.0.0.1:9093'
  const config = parse({ ...map, listeners, 'advertised.listeners': 'PLAINTEXT://h:1' })
  assert.equal(config.advertisedListeners.length, 1)
  assert.throws(
    () => parse({ ...map, 'advertised.listeners': 'PLAINTEXT://h:1,B://h:2' }),
    /Found PLAINTEXT,B. The valid options based on the current configuration are PLAINTEXT/,
  )
})
