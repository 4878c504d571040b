/** kafka-broker-api-versions, kafka-features, kafka-cluster, kafka-metadata-quorum, kafka-client-metrics, kafka-acls. */

/** @typedef {import('./tools.mjs').Operation} Operation */
/** @typedef {import('./tools.mjs').Place} Place */

const noQuorum = (/** @type {Place} */ { broker }) =>
  broker === 'sluice' && 'a cluster in the way of ZooKeeper'
const noAuthorizer = (/** @type {Place} */ { broker }) =>
  broker === 'sluice' && 'the broker has no authorizer'

/** @param {Place} place */
const server = ({ bootstrap }) => ['--bootstrap-server', bootstrap]

/** @param {string} type @param {string} name @param {string} [pattern] */
const resource = (type, name, pattern = 'LITERAL') =>
  `\`ResourcePattern(resourceType=${type}, name=${name}, patternType=${pattern})\``
/** @param {string} principal @param {string} operation @param {string} [permission] @param {string} [host] */
const entry = (principal, operation, permission = 'ALLOW', host = '*') =>
  new RegExp(
    `^\\s*\\(principal=${principal}, host=${host === '*' ? '\\*' : host}, operation=${operation}, permissionType=${permission}\\)\\s*$`,
  )
/** Releases put blanks at ends of lines, or don't. @param {string} text */
const line = (text) => new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`)
const blank = /^\s*$/

/** @type {readonly Operation[]} */
export const clusterOperations = [
  {
    name: 'api-versions',
    tool: 'kafka-broker-api-versions',
    args: [],
    lines: apiLines,
  },
  {
    name: 'features of groups',
    tool: 'kafka-features',
    args: ['describe'],
    isUnordered: true,
    lines: ({ broker }) => {
      const feature = (/** @type {string} */ name) =>
        new RegExp(
          `^Feature: ${name}\tSupportedMinVersion: \\S+\tSupportedMaxVersion: \\S+\tFinalizedVersionLevel: \\S+\tEpoch: (\\d+|-)$`,
        )
      const names = {
        sluice: ['group.version', 'transaction.version'],
        'apache-3.9': ['kraft.version', 'metadata.version'],
        'apache-4.1': [
          'eligible.leader.replicas.version',
          'group.version',
          'kraft.version',
          'metadata.version',
          'share.version',
          'transaction.version',
        ],
      }
      return names[broker].map(feature)
    },
  },
  {
    name: 'a feature that nobody has',
    tool: 'kafka-features',
    args: ['upgrade', '--feature', 'nonsense=1'],
    skip: noQuorum,
    lines: [/^Could not upgrade nonsense to 1\. .*Invalid update version 1 for feature nonsense\. ./],
    fails: '1 out of 1 operation(s) failed.',
  },
  {
    name: 'a feature that could be upgraded',
    tool: 'kafka-features',
    args: ['upgrade', '--feature', 'kraft.version=1', '--dry-run'],
    skip: noQuorum,
    lines: ['kraft.version can be upgraded to 1.'],
  },
  {
    name: 'the id of the cluster',
    tool: 'kafka-cluster',
    bare: true,
    args: (place) => ['cluster-id', ...server(place)],
    // 3.9 warns of its old package.
    lines: ({ tool }) => [
      ...(tool === 'java-3.9' ? [/^WARNING: The 'kafka\.tools' package is deprecated/] : []),
      /^Cluster ID: [\w-]{22}$/,
    ],
  },
  {
    name: 'unregister a broker that is not there',
    tool: 'kafka-cluster',
    bare: true,
    args: (place) => ['unregister', '--id', '9', ...server(place)],
    skip: ({ broker, tool }) =>
      broker === 'sluice' &&
      tool !== 'ours' &&
      'the tool of Kafka says that the cluster can not, and ends with 0',
    fails: /regist/i,
  },
  {
    name: 'list-endpoints',
    tool: 'kafka-cluster',
    bare: true,
    args: (place) => ['list-endpoints', ...server(place)],
    skip: ({ tool }) => tool === 'java-3.9' && 'came with 4.0',
    lines: [
      'ID         HOST      PORT       RACK       STATE      ENDPOINT_TYPE  ',
      /^1 {10}127\.0\.0\.1 \d+ +null {7}unfenced {3}broker {9}$/,
    ],
  },
  {
    name: 'the state of the quorum',
    tool: 'kafka-metadata-quorum',
    args: ['describe', '--status'],
    skip: noQuorum,
    lines: [
      /^ClusterId: {14}[\w-]{22}$/,
      'LeaderId:               1',
      /^LeaderEpoch: {12}\d+$/,
      /^HighWatermark: {10}\d+$/,
      'MaxFollowerLag:         0',
      'MaxFollowerLagTimeMs:   0',
      /^CurrentVoters: {10}\[\{"id": 1, ("directoryId": null, )?"endpoints": \["CONTROLLER:\/\/127\.0\.0\.1:\d+"\]\}\]$/,
      'CurrentObservers:       []',
    ],
  },
  {
    name: 'the replicas of the quorum',
    tool: 'kafka-metadata-quorum',
    args: ['describe', '--replication'],
    skip: noQuorum,
    lines: [
      /^NodeId\tDirectoryId +\tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus *\t$/,
      /^1 +\tA{22}\t\d+ +\t0 +\t\d+ +\t\d+ +\tLeader *\t$/,
    ],
  },
  {
    name: 'no quorum',
    tool: 'kafka-metadata-quorum',
    args: ['describe', '--status'],
    skip: ({ broker, tool }) =>
      (broker !== 'sluice' && 'it has one') || (tool !== 'ours' && 'the tool of Kafka waits for its timeout'),
    fails: /quorum/i,
  },
  {
    name: 'client metrics',
    tool: 'kafka-client-metrics',
    args: ['--alter', '--name', 'm2', '--metrics', 'a.', '--interval', '1000', '--match', 'client_id=c1'],
    lines: ['Altered client metrics config for m2.'],
  },
  {
    name: 'describe client metrics',
    tool: 'kafka-client-metrics',
    args: ['--describe', '--name', 'm2'],
    isUnordered: true,
    lines: [
      'Client metrics configs for m2 are:',
      '  interval.ms=1000',
      '  match=client_id=c1',
      '  metrics=a.',
    ],
  },
  {
    name: 'delete client metrics',
    tool: 'kafka-client-metrics',
    args: ['--delete', '--name', 'm2'],
    lines: ['Deleted client metrics config for m2.'],
  },
  {
    name: 'client metrics that are not there',
    tool: 'kafka-client-metrics',
    args: ['--describe', '--name', 'm2'],
    skip: ({ tool }) => tool === 'java-3.9' && 'it describes them as empty',
    lines: ["The client metric resource m2 doesn't exist and doesn't have dynamic config."],
  },
  {
    name: 'no authorizer',
    tool: 'kafka-acls',
    args: ['--list'],
    skip: ({ broker, tool }) =>
      (broker !== 'sluice' && 'it has one') || (tool !== 'ours' && 'the tool of Kafka names the missing API'),
    fails: 'Error while executing ACL command: No Authorizer is configured',
  },
  {
    name: 'acls --add',
    tool: 'kafka-acls',
    skip: noAuthorizer,
    args: [
      ...['--add', '--allow-principal', 'User:alice', '--allow-host', '1.2.3.4'],
      ...['--deny-principal', 'User:bob', '--operation', 'All', '--topic', 't1'],
    ],
    isUnordered: true,
    lines: [
      line(`Adding ACLs for resource ${resource('TOPIC', 't1')}:`),
      entry('User:bob', 'ALL', 'DENY'),
      entry('User:alice', 'ALL', 'ALLOW', '1\\.2\\.3\\.4'),
    ],
  },
  {
    name: 'acls --add --producer --idempotent',
    tool: 'kafka-acls',
    skip: noAuthorizer,
    args: [
      ...['--add', '--allow-principal', 'User:alice', '--producer', '--idempotent'],
      ...['--topic', 't2', '--transactional-id', 'x'],
    ],
    isUnordered: true,
    lines: [
      line(`Adding ACLs for resource ${resource('TOPIC', 't2')}:`),
      ...['WRITE', 'DESCRIBE', 'CREATE'].map((operation) => entry('User:alice', operation)),
      blank,
      line(`Adding ACLs for resource ${resource('TRANSACTIONAL_ID', 'x')}:`),
      ...['WRITE', 'DESCRIBE'].map((operation) => entry('User:alice', operation)),
      blank,
      line(`Adding ACLs for resource ${resource('CLUSTER', 'kafka-cluster')}:`),
      entry('User:alice', 'IDEMPOTENT_WRITE'),
    ],
  },
  {
    name: 'acls --add with a prefix',
    tool: 'kafka-acls',
    skip: noAuthorizer,
    args: [
      ...['--add', '--allow-principal', 'User:alice', '--operation', 'Read'],
      ...['--topic', 'pre', '--resource-pattern-type', 'prefixed'],
    ],
    lines: [
      line(`Adding ACLs for resource ${resource('TOPIC', 'pre', 'PREFIXED')}:`),
      entry('User:alice', 'READ'),
    ],
  },
  {
    name: 'acls --list of what matches',
    tool: 'kafka-acls',
    skip: noAuthorizer,
    args: ['--list', '--topic', 'prefix1', '--resource-pattern-type', 'match'],
    lines: [
      line(`Current ACLs for resource ${resource('TOPIC', 'pre', 'PREFIXED')}:`),
      entry('User:alice', 'READ'),
    ],
  },
  {
    name: 'acls --list --principal',
    tool: 'kafka-acls',
    skip: noAuthorizer,
    args: ['--list', '--principal', 'User:bob'],
    lines: [
      'ACLs for principal `User:bob`',
      line(`Current ACLs for resource ${resource('TOPIC', 't1')}:`),
      entry('User:bob', 'ALL', 'DENY'),
    ],
  },
  {
    name: 'acls --remove',
    tool: 'kafka-acls',
    skip: noAuthorizer,
    args: ['--remove', '--topic', 't1', '--force'],
  },
  {
    name: 'acls --list of what was removed',
    tool: 'kafka-acls',
    skip: noAuthorizer,
    args: ['--list', '--topic', 't1'],
  },
  {
    name: 'acls without a resource',
    tool: 'kafka-acls',
    args: ['--add', '--allow-principal', 'User:a'],
    fails: 'You must provide at least one resource: --topic <topic> or --cluster or --group <group>',
  },
]

/** A line for each API: which there are depends on the release of the tool. @param {Place} place */
function apiLines({ bootstrap }) {
  const node = `${bootstrap.replaceAll('.', '\\.')} \\(id: 1 rack: null( isFenced: false)?\\) -> \\(`
  const api =
    '\\t\\w+\\(\\d+\\): (UNSUPPORTED|\\d+( to \\d+)?( \\[(usable: \\d+|unusable: node too (old|new))\\])?)'
  return new RegExp(`^${node}\\n(${api},\\n){60,}${api}\\n\\)\\n$`)
}
