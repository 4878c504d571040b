import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { MemoryStore } from '../coordination/memory-store.ts'
import { ensurePersistentPaths } from './broker-registration.ts'
import { BrokerConfig } from './config/broker-config.ts'
import { ConfigRepository } from './config-repository.ts'
import { DynamicBrokerConfig } from './dynamic-broker-config.ts'
import { DEFAULT_ENTITY } from './sanitizer.ts'

const clock = { nowMs: () => 1_700_000_000_000 }

async function repositoryOf(memory: MemoryStore): Promise<ConfigRepository> {
  const store = memory.connect()
  await ensurePersistentPaths(store)
  const repository = new ConfigRepository({ store, logger: silentLogger, nowMs: clock.nowMs })
  await repository.start()
  return repository
}

function dynamic(configRepository: ConfigRepository, properties: Record<string, string> = {}) {
  const errors: string[] = []
  const given = new Map(Object.entries({ 'broker.id': '1', ...properties }))
  const brokerConfig = new DynamicBrokerConfig({
    config: BrokerConfig.parse(given).config,
    brokerId: 1,
    configRepository,
    logger: { ...silentLogger, error: (message) => void errors.push(message) },
  })
  return { brokerConfig, errors }
}

/** Sets all configs of a level. */
function set(repository: ConfigRepository, name: string, configs: Record<string, string>): Promise<void> {
  return repository.update('brokers', name, () => new Map(Object.entries(configs)))
}

test('the object that everyone reads says what is in force, the broker before all brokers before the file', async () => {
  const repository = await repositoryOf(new MemoryStore(clock))
  const { brokerConfig } = dynamic(repository, { 'message.max.bytes': '1', 'log.retention.hours': '1' })
  const { current } = brokerConfig
  let changes = 0
  brokerConfig.onChange(() => changes++)
  assert.equal(current.messageMaxBytes, 1)
  await set(repository, DEFAULT_ENTITY, { 'message.max.bytes': '2', 'log.retention.ms': '5000' })
  assert.deepEqual([current.messageMaxBytes, current.logRetentionMs], [2, 5000])
  await set(repository, '1', { 'message.max.bytes': '3' })
  assert.equal(current.messageMaxBytes, 3)
  await set(repository, '2', { 'message.max.bytes': '4' })
  await set(repository, '1', {})
  await set(repository, DEFAULT_ENTITY, {})
  assert.deepEqual([current.messageMaxBytes, current.logRetentionMs], [1, 3_600_000])
  assert.equal(changes, 4)
  assert.equal(brokerConfig.sources.static.messageMaxBytes, 1)
})

test('what was set before a start is in force after it', async () => {
  const memory = new MemoryStore(clock)
  await set(await repositoryOf(memory), '1', { 'num.io.threads': '16', 'log.cleaner.threads': '2' })
  const { brokerConfig, errors } = dynamic(await repositoryOf(memory))
  assert.equal(brokerConfig.current.logCleaner.threads, 2)
  assert.deepEqual(errors, [])
})

test('of what others have written, the impossible is passed over and named, and the rest counts', async () => {
  const repository = await repositoryOf(new MemoryStore(clock))
  await set(repository, '1', { 'num.partitions': '9', 'message.max.bytes': 'x', 'log.segment.bytes': '5000' })
  await set(repository, DEFAULT_ENTITY, { 'ssl.key.password': 'x', 'principal.builder.class': 'x' })
  const { brokerConfig, errors } = dynamic(repository)
  assert.equal(brokerConfig.current.numPartitions, 1)
  assert.equal(brokerConfig.current.topicDefaults.get('segment.bytes'), '5000')
  assert.deepEqual([...(brokerConfig.sources.dynamicBroker ?? [])], [['log.segment.bytes', '5000']])
  assert.deepEqual([...(brokerConfig.sources.dynamicDefault ?? [])], [])
  for (const part of ['num.partitions', 'message.max.bytes', 'ssl.key.password', 'principal.builder.class'])
    assert.ok(
      errors.some((error) => error.includes(part)),
      `${part} in ${errors.join('\n')}`,
    )
})

test('settings that contradict each other leave those in force that were', async () => {
  const repository = await repositoryOf(new MemoryStore(clock))
  const { brokerConfig, errors } = dynamic(repository)
  assert.match(
    brokerConfig.refuse('broker', new Map([['log.retention.ms', '0']])) ?? '',
    /log.retention.ms must/,
  )
  await set(repository, '1', { 'log.retention.ms': '0', 'message.max.bytes': '7' })
  assert.deepEqual(
    [brokerConfig.current.logRetentionMs, brokerConfig.current.messageMaxBytes],
    [604_800_000, 1_048_588],
  )
  assert.equal(errors.length, 1)
})

test('what topics could not inherit is refused, and passed over where the store has it', async () => {
  const repository = await repositoryOf(new MemoryStore(clock))
  const { brokerConfig, errors } = dynamic(repository)
  const entries = { 'log.flush.interval.ms': '-5' }
  assert.match(brokerConfig.refuse('broker', new Map(Object.entries(entries))) ?? '', /flush.ms/)
  await set(repository, '1', entries)
  assert.equal(brokerConfig.current.topicDefaults.size, 0)
  assert.equal(errors.length, 1)
})

test('pools grow to at most double and shrink to no less than half, from where they are', async () => {
  const repository = await repositoryOf(new MemoryStore(clock))
  const { brokerConfig } = dynamic(repository)
  const refuse = (name: string, value: string) => brokerConfig.refuse('default', new Map([[name, value]]))
  assert.match(refuse('num.io.threads', '17') ?? '', /not be greater than double the current value 8$/)
  assert.match(refuse('num.io.threads', '3') ?? '', /at least half the current value 8$/)
  assert.equal(refuse('num.io.threads', '16'), undefined)
  await set(repository, DEFAULT_ENTITY, { 'num.io.threads': '16' })
  assert.equal(refuse('num.io.threads', '32'), undefined)
  assert.match(refuse('log.cleaner.threads', '0') ?? '', /at least 1$/)
  assert.match(refuse('log.cleaner.threads', '3') ?? '', /more than double the current value 1$/)
})

test('a secret of a listener is dynamic, and so is whatever nobody knows', async () => {
  const { brokerConfig } = dynamic(await repositoryOf(new MemoryStore(clock)))
  const refuse = (name: string) => brokerConfig.refuse('broker', new Map([[name, 'x']]))
  assert.equal(refuse('listener.name.plaintext.ssl.key.password'), undefined)
  assert.equal(refuse('com.example.setting'), undefined)
  assert.match(refuse('listener.name.plaintext.ssl.client.auth') ?? '', /String must be one of/)
})
