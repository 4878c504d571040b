import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Admin } from '../../client/index.ts'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { configsCommand } from './configs-command.ts'

let broker: TestBroker
before(async () => {
  broker = await startBroker()
  await using admin = new Admin({ bootstrapServers: broker.bootstrapServers })
  await admin.createTopics([{ name: 'orders' }, { name: 'plain' }])
})
after(() => broker.close())

const configs = (...args: string[]) =>
  run(configsCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])

async function expectOutput(args: string[], stdout: string): Promise<void> {
  assert.deepEqual(await configs(...args), { exitCode: 0, stdout, stderr: '' }, args.join(' '))
}

async function expectProblem(args: string[], problem: string): Promise<void> {
  assert.deepEqual(
    await configs(...args),
    { exitCode: 1, stdout: '', stderr: `${problem}\n` },
    args.join(' '),
  )
}

test('a topic gets configs and loses them, and values in brackets may have commas', async () => {
  await expectOutput(
    ['--topic', 'orders', '--alter', '--add-config', 'retention.ms=2000,cleanup.policy=[delete,compact]'],
    'Completed updating config for topic orders.\n',
  )
  await expectOutput(
    ['--entity-type', 'topics', '--entity-name', 'orders', '--describe'],
    'Dynamic configs for topic orders are:\n' +
      '  cleanup.policy=delete,compact sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=delete,compact, DEFAULT_CONFIG:log.cleanup.policy=delete}\n' +
      '  retention.ms=2000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=2000}\n',
  )
  await expectOutput(
    ['--topic', 'orders', '--alter', '--delete-config', 'retention.ms,cleanup.policy'],
    'Completed updating config for topic orders.\n',
  )
  await expectOutput(['--topic', 'orders', '--describe'], 'Dynamic configs for topic orders are:\n')
  await expectProblem(
    ['--topic', 'orders', '--alter', '--delete-config', 'retention.ms'],
    'Invalid config(s): retention.ms',
  )
})

test('all topics are described where none is named, and all configs where they are asked for', async () => {
  await expectOutput(
    ['--entity-type', 'topics', '--describe'],
    'Dynamic configs for topic orders are:\nDynamic configs for topic plain are:\n',
  )
  const { stdout } = await configs('--topic', 'plain', '--describe', '--all')
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines[0], 'All configs for topic plain are:')
  assert.ok(lines.length > 25, stdout)
  assert.ok(
    lines.includes('  retention.bytes=-1 sensitive=false synonyms={DEFAULT_CONFIG:log.retention.bytes=-1}'),
    stdout,
  )
  await expectOutput(
    ['--topic', 'nothing', '--describe'],
    "The topic 'nothing' doesn't exist and doesn't have dynamic config.\n",
  )
})

test('a broker, and what all brokers have by default', async () => {
  await expectOutput(
    ['--broker-defaults', '--alter', '--add-config', 'log.cleaner.threads=2'],
    'Completed updating default config for brokers in the cluster.\n',
  )
  await expectOutput(
    ['--entity-type', 'brokers', '--entity-name', '1', '--alter', '--add-config', 'log.cleaner.threads=1'],
    'Completed updating config for broker 1.\n',
  )
  await expectOutput(
    ['--entity-type', 'brokers', '--describe'],
    'Dynamic configs for broker 1 are:\n' +
      '  log.cleaner.threads=1 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:log.cleaner.threads=1, DYNAMIC_DEFAULT_BROKER_CONFIG:log.cleaner.threads=2, DEFAULT_CONFIG:log.cleaner.threads=1}\n' +
      'Default configs for brokers in the cluster are:\n' +
      '  log.cleaner.threads=2 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:log.cleaner.threads=2}\n',
  )
  await expectOutput(
    ['--entity-type', 'brokers', '--entity-default', '--alter', '--delete-config', 'log.cleaner.threads'],
    'Completed updating default config for brokers in the cluster.\n',
  )
  await expectProblem(
    ['--broker', '1', '--alter', '--add-config', 'broker.id=2'],
    'Cannot update these configs dynamically: Set(broker.id)',
  )
  await expectOutput(
    ['--broker', '9', '--describe'],
    "The broker '9' doesn't exist and doesn't have dynamic config.\n",
  )
})

test('users, clients and addresses have quotas, alone and together', async () => {
  const add = (words: string[], quota: string, done: string) =>
    expectOutput([...words, '--alter', '--add-config', quota], `Completed updating ${done}.\n`)
  await add(['--user', 'alice'], 'producer_byte_rate=1000', 'config for user alice')
  await add(
    ['--entity-type', 'users', '--entity-default'],
    'consumer_byte_rate=20000000',
    'default config for users in the cluster',
  )
  await add(['--user', 'alice', '--client', 'c1'], 'request_percentage=50', 'config for client c1')
  await add(['--user', 'alice', '--client-defaults'], 'request_percentage=60.5', 'config for user alice')
  await add(['--ip', '1.2.3.4'], 'connection_creation_rate=10', 'config for ip 1.2.3.4')
  await expectOutput(
    ['--entity-type', 'users', '--describe'],
    "Quota configs for the default user-principal are consumer_byte_rate=2.0E7\nQuota configs for user-principal 'alice' are producer_byte_rate=1000.0\n",
  )
  await expectOutput(
    ['--entity-type', 'users', '--entity-type', 'clients', '--describe'],
    "Quota configs for user-principal 'alice', client-id 'c1' are request_percentage=50.0\nQuota configs for user-principal 'alice', the default client-id are request_percentage=60.5\n",
  )
  await expectOutput(
    ['--ip', '1.2.3.4', '--describe'],
    "Quota configs for ip '1.2.3.4' are connection_creation_rate=10.0\n",
  )
  await expectOutput(
    ['--user', 'alice', '--alter', '--delete-config', 'producer_byte_rate'],
    'Completed updating config for user alice.\n',
  )
  await expectProblem(
    ['--user', 'alice', '--alter', '--delete-config', 'producer_byte_rate'],
    'Invalid config(s): producer_byte_rate',
  )
})

test('a user has SCRAM credentials, of which only the iterations are told', async () => {
  const done = 'Completed updating config for user carol.\n'
  const alter = ['--user', 'carol', '--alter']
  await expectOutput([...alter, '--add-config', 'SCRAM-SHA-512=[iterations=8192,password=secret]'], done)
  await expectOutput(
    ['--user', 'carol', '--describe'],
    "SCRAM credential configs for user-principal 'carol' are SCRAM-SHA-512=iterations=8192\n",
  )
  await expectOutput([...alter, '--delete-config', 'SCRAM-SHA-512'], done)
  await expectOutput(['--user', 'carol', '--describe'], '')
})

test('a script gets JSON', async () => {
  await configs('--topic', 'plain', '--alter', '--add-config', 'retention.ms=5')
  const [plain] = JSON.parse((await configs('--topic', 'plain', '--describe', '--json')).stdout)
  assert.deepEqual(plain, {
    entityType: 'topics',
    entityName: 'plain',
    configs: [
      {
        name: 'retention.ms',
        value: '5',
        source: 'DYNAMIC_TOPIC_CONFIG',
        isSensitive: false,
        isReadOnly: false,
      },
    ],
  })
  await configs('--topic', 'plain', '--alter', '--delete-config', 'retention.ms')
})

test('what can not be is refused in the words of Kafka', async () => {
  const topic = ['--topic', 'orders']
  const alter = [...topic, '--alter', '--add-config']
  const action = 'Command must include exactly one action: --describe, --alter'
  const problems: [string[], string][] = [
    [[...alter, 'nonsense=1'], 'Unknown topic config name: nonsense'],
    [
      [...alter, 'retention.ms=abc'],
      'Invalid value abc for configuration retention.ms: Not a number of type LONG',
    ],
    [
      [...alter, 'retention.ms'],
      'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val" or  "key=[val1,val2]" to group values which contain commas.',
    ],
    [[...alter, 'a b=1'], 'Invalid character found for config key: a b'],
    [topic, action],
    [[...topic, '--describe', '--alter'], action],
    [
      [...topic, '--alter'],
      'At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter',
    ],
    [
      [...topic, '--describe', '--add-config', 'a=b'],
      'Option "[describe]" can\'t be used with option "[add-config]"',
    ],
    [['--describe'], 'At least one entity type must be specified'],
    [
      ['--describe', '--entity-type', 'nonsense'],
      'Invalid entity type nonsense, the entity type must be one of topics, clients, users, brokers, ips, client-metrics, groups, broker-loggers with a --bootstrap-server or --bootstrap-controller argument',
    ],
    [
      ['--entity-type', 'topics', '--alter', '--add-config', 'a=b'],
      'An entity name must be specified with --alter of topics',
    ],
    [
      ['--entity-type', 'users', '--alter', '--add-config', 'a=b'],
      'An entity-name or default entity must be specified with --alter of users, clients, brokers or ips',
    ],
    [
      ['--describe', '--entity-type', 'topics', '--entity-type', 'topics'],
      'Duplicate entity type(s) specified: topics',
    ],
    [
      ['--describe', '--topic', 'a', '--user', 'b'],
      "Only 'users' and 'clients' entity types may be specified together",
    ],
    [
      ['--describe', '--topic', 'a', '--entity-type', 'topics'],
      '--entity-{type,name,default} should not be used in conjunction with specific entity flags',
    ],
    [
      ['--describe', '--entity-type', 'brokers', '--entity-name', 'x'],
      'The entity name for brokers must be a valid integer broker id, but it is: x',
    ],
    [
      ['--describe', '--entity-type', 'broker-loggers'],
      'An entity name must be specified with --describe of broker-loggers',
    ],
    [
      ['--user', 'a', '--alter', '--add-config', 'nonsense=2'],
      "Only quota and SCRAM credential configs can be added for 'users' using --bootstrap-server. Unexpected config names: Set(nonsense)",
    ],
    [
      ['--user', 'a', '--client', 'b', '--alter', '--add-config', 'SCRAM-SHA-256=[password=x]'],
      "Only quota configs can be added for 'clients' using --bootstrap-server. Unexpected config names: Set(SCRAM-SHA-256)",
    ],
    [
      ['--user', 'a', '--alter', '--add-config', 'producer_byte_rate=abc'],
      'Cannot parse quota configuration value for producer_byte_rate: abc',
    ],
    [
      ['--user', 'a', '--alter', '--add-config', 'SCRAM-SHA-256=[password=x],producer_byte_rate=1'],
      "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.",
    ],
    [
      ['--user', 'a', '--alter', '--add-config', 'SCRAM-SHA-256=[iterations=1,password=x]'],
      'Iterations 1 is less than the minimum 4096 required for SCRAM-SHA-256',
    ],
    [
      ['--user-defaults', '--alter', '--add-config', 'SCRAM-SHA-256=[password=x]'],
      'The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.',
    ],
    [
      ['--ip', '1.2.3.4', '--alter', '--add-config', 'producer_byte_rate=1'],
      "Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: producer_byte_rate",
    ],
  ]
  for (const [args, problem] of problems) await expectProblem(args, problem)
})
