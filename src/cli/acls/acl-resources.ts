/** The resources that options of kafka-acls.sh name, and which ACLs are meant for each. Everything throws UsageError. */
import type { AclOperation, AclPatternType, AclResourceType } from '../../client/admin/acl-words.ts'
import type { AclBinding } from '../../client/admin/acls.ts'
import { UsageError } from '../command/command.ts'
import type { AclsOptions } from './acls-command.ts'

/** Of filters: any pattern, or whatever is valid for the name. */
type PatternFilter = AclPatternType | 'any' | 'match'

export interface AclResource {
  readonly type: AclResourceType
  readonly name: string
  readonly pattern: PatternFilter
}

export type AclEntry = Pick<AclBinding, 'principal' | 'host' | 'operation' | 'permission'>

/** Those that are named come with their ACLs; none where no principal is named. */
export type ResourceAcls = readonly (readonly [AclResource, readonly AclEntry[]])[]

const EVERY_HOST = '*'
const CLUSTER_NAME = 'kafka-cluster'
const PATTERNS: readonly PatternFilter[] = ['literal', 'prefixed', 'any', 'match']

const OPERATIONS: Readonly<Record<AclResourceType, readonly AclOperation[]>> = {
  topic: [
    'read',
    'write',
    'create',
    'describe',
    'delete',
    'alter',
    'describe-configs',
    'alter-configs',
    'all',
  ],
  group: ['read', 'describe', 'delete', 'describe-configs', 'alter-configs', 'all'],
  cluster: [
    ...(['create', 'cluster-action', 'describe-configs', 'alter-configs'] as const),
    ...(['idempotent-write', 'alter', 'describe', 'all'] as const),
  ],
  'transactional-id': ['describe', 'write', 'two-phase-commit', 'all'],
  'delegation-token': ['describe', 'all'],
  user: ['create-tokens', 'describe-tokens', 'all'],
}

/** `ResourcePattern(resourceType=TOPIC, name=orders, patternType=LITERAL)`. */
export function resourceText({ type, name, pattern }: AclResource): string {
  return `ResourcePattern(resourceType=${upper(type)}, name=${name}, patternType=${upper(pattern)})`
}

export function entryText({ principal, host, operation, permission }: AclEntry): string {
  return `(principal=${principal}, host=${host}, operation=${upper(operation)}, permissionType=${upper(permission)})`
}

export function patternOf({ resourcePatternType = 'literal' }: AclsOptions): PatternFilter {
  const pattern = PATTERNS.find((each) => each === resourcePatternType.toLowerCase())
  if (pattern === undefined)
    throw new UsageError(`Cannot parse argument '${resourcePatternType}' of option resource-pattern-type`)
  return pattern
}

export function namedResources(options: AclsOptions): AclResource[] {
  const pattern = patternOf(options)
  const named = (type: AclResourceType, names: readonly string[] = []): AclResource[] =>
    names.map((name) => ({ type, name: name.trim(), pattern }))
  const isCluster = pattern === 'literal' && (options.cluster || options.idempotent)
  return [
    ...named('topic', options.topic),
    ...(isCluster ? [{ type: 'cluster', name: CLUSTER_NAME, pattern } as const] : []),
    ...named('group', options.group),
    ...named('transactional-id', options.transactionalId),
    ...named('delegation-token', options.delegationToken),
    ...named('user', options.userPrincipal),
  ]
}

/** Of producers and consumers the ACLs that they need, otherwise those that the options say. */
export function resourceAcls(options: AclsOptions): ResourceAcls {
  const resources = namedResources(options)
  if (resources.length === 0) {
    throw new UsageError(
      'You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>',
    )
  }
  const wanted = resources.flatMap((resource) => {
    const operations = operationsFor(resource, options)
    return operations === undefined ? [] : [[resource, entriesOf(options, operations)] as const]
  })
  for (const [{ type }, entries] of wanted)
    if (entries.some(({ operation }) => !OPERATIONS[type].includes(operation)))
      throw new UsageError(
        `ResourceType ${upper(type)} only supports operations [${OPERATIONS[type].map(upper).join(', ')}]`,
      )
  return wanted
}

/** Undefined: the resource is not what a producer or consumer needs. */
function operationsFor({ type }: AclResource, options: AclsOptions): readonly AclOperation[] | undefined {
  const { producer, consumer, operation = ['all'] } = options
  if (!producer && !consumer) return operation.map((word) => readOperation(word, type))
  const needed = new Set<AclOperation>()
  if (producer && type === 'topic')
    for (const each of ['write', 'describe', 'create'] as const) needed.add(each)
  if (producer && type === 'transactional-id')
    for (const each of ['write', 'describe'] as const) needed.add(each)
  if (producer && type === 'cluster' && options.idempotent) needed.add('idempotent-write')
  if (consumer && type === 'topic') for (const each of ['read', 'describe'] as const) needed.add(each)
  if (consumer && type === 'group') needed.add('read')
  return needed.size === 0 ? undefined : [...needed]
}

/** `IdempotentWrite`, or any other way of writing it. */
function readOperation(word: string, type: AclResourceType): AclOperation {
  const plain = word.trim().toLowerCase().replaceAll(/[-_]/g, '')
  const all = new Set(Object.values(OPERATIONS).flat())
  const operation = [...all].find((each) => each.replaceAll('-', '') === plain)
  if (operation === undefined)
    throw new UsageError(
      `ResourceType ${upper(type)} only supports operations [${OPERATIONS[type].map(upper).join(', ')}]`,
    )
  return operation
}

function entriesOf(options: AclsOptions, operations: readonly AclOperation[]): AclEntry[] {
  const {
    allowPrincipal = [],
    denyPrincipal = [],
    allowHost = [EVERY_HOST],
    denyHost = [EVERY_HOST],
  } = options
  const entries = (
    permission: 'allow' | 'deny',
    principals: readonly string[],
    hosts: readonly string[],
  ): AclEntry[] =>
    principals
      .map(readPrincipal)
      .flatMap((principal) =>
        operations.flatMap((operation) =>
          hosts.map((host) => ({ principal, host: host.trim(), operation, permission })),
        ),
      )
  return [...entries('allow', allowPrincipal, allowHost), ...entries('deny', denyPrincipal, denyHost)]
}

export function readPrincipal(text: string): string {
  const principal = text.trim()
  if (!/^[^:]+:.+$/s.test(principal)) {
    throw new UsageError(
      `Error while executing ACL command: expected a string in format principalType:principalName but got ${principal}`,
    )
  }
  return principal
}

function upper(word: string): string {
  return word.replaceAll('-', '_').toUpperCase()
}
