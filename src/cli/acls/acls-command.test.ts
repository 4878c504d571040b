import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { resourceAcls } from './acl-resources.ts'
import { aclsCommand } from './acls-command.ts'

let broker: TestBroker
before(async () => {
  broker = await startBroker()
})
after(() => broker.close())

const acls = (...args: string[]) => run(aclsCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])

test('a broker without an authorizer says so in a line', async () => {
  for (const args of [
    ['--list'],
    ['--add', '--allow-principal', 'User:alice', '--topic', 'a'],
    ['--remove', '--topic', 'a', '--force'],
  ]) {
    const { exitCode, stderr } = await acls(...args)
    const problem =
      'Error while executing ACL command: No Authorizer is configured: the broker has no ACLs.\n'
    assert.deepEqual([exitCode, stderr], [1, problem])
  }
})

test('producers and consumers need certain operations on certain resources', () => {
  const needed = (options: Parameters<typeof resourceAcls>[0]) =>
    resourceAcls({ allowPrincipal: ['User:alice'], ...options }).map(([{ type, name }, entries]) => [
      type,
      name,
      entries.map(({ operation }) => operation).join(' '),
    ])
  assert.deepEqual(
    needed({ producer: true, idempotent: true, topic: ['t'], transactionalId: ['x'], group: ['g'] }),
    [
      ['topic', 't', 'write describe create'],
      ['cluster', 'kafka-cluster', 'idempotent-write'],
      ['transactional-id', 'x', 'write describe'],
    ],
  )
  assert.deepEqual(needed({ consumer: true, topic: ['t'], group: ['g'] }), [
    ['topic', 't', 'read describe'],
    ['group', 'g', 'read'],
  ])
  assert.deepEqual(needed({ operation: ['Read', 'DESCRIBE_CONFIGS'], topic: ['t'] }), [
    ['topic', 't', 'read describe-configs'],
  ])
  assert.deepEqual(needed({ cluster: true }), [['cluster', 'kafka-cluster', 'all']])
})

test('each principal goes with each host', () => {
  const [[, entries] = []] = resourceAcls({
    topic: ['t'],
    allowPrincipal: ['User:a', 'User:b'],
    allowHost: ['1.2.3.4'],
    denyPrincipal: ['User:c'],
  })
  assert.deepEqual(
    entries?.map(({ principal, host, permission }) => `${principal} ${host} ${permission}`),
    ['User:a 1.2.3.4 allow', 'User:b 1.2.3.4 allow', 'User:c * deny'],
  )
})

test('what is asked for badly is named', async () => {
  const alice = ['--add', '--allow-principal', 'User:alice']
  const problems: [string[], string][] = [
    [['--add', '--list'], 'Command must include exactly one action: --list, --add, --remove. '],
    [
      ['--add', '--topic', 't'],
      'You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.',
    ],
    [
      ['--add', '--allow-principal', 'alice', '--topic', 't'],
      'Error while executing ACL command: expected a string in format principalType:principalName but got alice',
    ],
    [
      [...alice, '--operation', 'IdempotentWrite', '--topic', 't'],
      'ResourceType TOPIC only supports operations [READ, WRITE, CREATE, DESCRIBE, DELETE, ALTER, DESCRIBE_CONFIGS, ALTER_CONFIGS, ALL]',
    ],
    [
      alice,
      'You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>',
    ],
    [
      [...alice, '--consumer', '--topic', 't'],
      'With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.',
    ],
    [[...alice, '--producer'], 'With --producer you must specify a --topic'],
    [
      [...alice, '--topic', 't', '--resource-pattern-type', 'match'],
      "A '--resource-pattern-type' value of 'MATCH' is not valid when adding acls.",
    ],
    [
      [...alice, '--topic', 't', '--resource-pattern-type', 'nonsense'],
      "Cannot parse argument 'nonsense' of option resource-pattern-type",
    ],
    [
      [...alice, '--producer', '--topic', 't', '--operation', 'Read'],
      'Option "[producer]" can\'t be used with option "[operation]"',
    ],
    [
      [...alice, '--idempotent', '--topic', 't'],
      'The --idempotent option is only available if --producer is set',
    ],
  ]
  for (const [args, problem] of problems) {
    const result = await acls(...args)
    assert.deepEqual(result, { exitCode: 1, stdout: '', stderr: `${problem}\n` }, args.join(' '))
  }
})
