import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import { MemoryStore } from '../../coordination/memory-store.ts'
import { ensurePersistentPaths } from '../../metadata/broker-registration.ts'
import { BrokerConfig } from '../../metadata/config/broker-config.ts'
import { ConfigRepository } from '../../metadata/config-repository.ts'
import type { ConfigEntityType } from '../../metadata/znodes.ts'
import { SimClock } from '../../simulator/sim-clock.ts'
import { QuotaManagers } from './quota-managers.ts'

const client = { connection: { principal: { name: 'ANONYMOUS' } }, clientId: 'c' }

async function start() {
  const store = new MemoryStore({ nowMs: () => 0 }).connect()
  await ensurePersistentPaths(store)
  const configs = new ConfigRepository({ store, logger: silentLogger, nowMs: () => 0 })
  await configs.start()
  const set = (type: ConfigEntityType, name: string, config: Readonly<Record<string, string>>) =>
    configs.update(type, name, () => new Map(Object.entries(config)))
  const { config } = BrokerConfig.parse(new Map([['quota.window.num', '3']]))
  /** Hosts that are being looked up, in the order of asking. */
  const lookups: { host: string; found: (address: string | undefined) => void }[] = []
  const addressOf = (host: string) =>
    new Promise<string | undefined>((found) => lookups.push({ host, found }))
  const quotas = new QuotaManagers({ clock: new SimClock(), config, addressOf })
  return { set, configs, quotas, lookups }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('quotas that are set hold from the start, and as they change', async () => {
  const { set, configs, quotas } = await start()
  await set('clients', 'c', { producer_byte_rate: '100' })
  quotas.follow(configs)
  assert.equal(quotas.produce.valueMax(client), 200)
  assert.equal(quotas.fetch.isEnabled, false)
  await set('users', 'ANONYMOUS/clients/c', { consumer_byte_rate: '50', request_percentage: '1.5' })
  assert.equal(quotas.fetch.valueMax(client), 100)
  assert.equal(quotas.request.isEnabled, true)
  await set('users', 'ANONYMOUS', { controller_mutation_rate: '2', 'SCRAM-SHA-256': 'secret' })
  assert.notEqual(quotas.controllerMutation.forRequest(client, true), undefined)
  await set('clients', 'c', {})
  await set('users', 'ANONYMOUS/clients/c', { request_percentage: 'nonsense' })
  assert.equal(quotas.produce.isEnabled || quotas.fetch.isEnabled || quotas.request.isEnabled, false)
})

test('a host has its connection quota under its address, and of two changes the later one counts', async () => {
  const { set, configs, quotas, lookups } = await start()
  quotas.follow(configs)
  await set('ips', 'host.example', { connection_creation_rate: '1' })
  await set('ips', 'host.example', { connection_creation_rate: '5' })
  await turns()
  assert.deepEqual(
    lookups.map(({ host }) => host),
    ['host.example'],
  )
  lookups[0]!.found('10.0.0.1')
  await turns()
  const admitted = (address: string): number => {
    let count = 0
    while (count < 100 && quotas.connections.recordAddress(address) === 0) count += 1
    return count
  }
  assert.equal(admitted('10.0.0.1'), 10)
  await set('ips', 'host.example', {})
  await turns()
  assert.equal(quotas.connections.isEnabled, false)
  await set('ips', '<default>', { connection_creation_rate: '2' })
  await turns()
  assert.equal(admitted('10.0.0.9'), 4)
})
