/** kafka-acls.sh: who may do what to what, listed, added and removed. */
import { createInterface } from 'node:readline'
import type { AclBinding, AclFilter } from '../../client/admin/acls.ts'
import type { Admin } from '../../client/admin/admin.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, withAdmin } from '../command/connection.ts'
import { collect, refuseBeside } from '../command/options.ts'
import { prefixingProblems } from '../command/problem.ts'
import {
  type AclEntry,
  type AclResource,
  entryText,
  namedResources,
  patternOf,
  type ResourceAcls,
  readPrincipal,
  resourceAcls,
  resourceText,
} from './acl-resources.ts'

export interface AclsOptions extends BootstrapOptions {
  readonly list?: true
  readonly add?: true
  readonly remove?: true
  readonly topic?: readonly string[]
  readonly group?: readonly string[]
  readonly cluster?: true
  readonly transactionalId?: readonly string[]
  readonly delegationToken?: readonly string[]
  readonly userPrincipal?: readonly string[]
  readonly resourcePatternType?: string
  readonly operation?: readonly string[]
  readonly allowPrincipal?: readonly string[]
  readonly denyPrincipal?: readonly string[]
  readonly allowHost?: readonly string[]
  readonly denyHost?: readonly string[]
  readonly principal?: readonly string[]
  readonly producer?: true
  readonly consumer?: true
  readonly idempotent?: true
  readonly force?: true
  readonly json?: true
}

export const aclsCommand: KafkaCommand<AclsOptions> = {
  name: 'kafka-acls',
  description: 'List, add or remove access control lists.',
  configure: (command) =>
    void bootstrapOptions(command)
      .option('--list', 'show ACLs; of the resources that are named, or all')
      .option('--add', 'add ACLs')
      .option('--remove', 'remove ACLs; without principals all of the resources that are named')
      .option('--topic <name>', 'a topic, or * for all; this and others may be repeated', collect)
      .option('--group <id>', 'a group, or *', collect)
      .option('--cluster', 'the cluster itself')
      .option('--transactional-id <id>', 'a transactional id, or *', collect)
      .option('--delegation-token <id>', 'a delegation token, or *', collect)
      .option('--user-principal <principal>', 'a user, as what is to be done something to', collect)
      .option(
        '--resource-pattern-type <type>',
        'literal (the default), prefixed; to list and remove also any, and match: all that hold for such a name',
      )
      .option(
        '--operation <name>',
        'what is allowed or denied: Read, Write, Describe, ...; default: All',
        collect,
      )
      .option('--allow-principal <principal>', 'who may: User:alice, or User:*', collect)
      .option('--deny-principal <principal>', 'who may not, whatever else is allowed', collect)
      .option('--allow-host <address>', 'from where; default: *', collect)
      .option('--deny-host <address>', 'from where not; default: *', collect)
      .option('--principal <principal>', 'with --list: ACLs for this one', collect)
      .option('--producer', 'what a producer needs: Write, Describe and Create for topics')
      .option('--consumer', 'what a consumer needs: Read and Describe for topics, Read for groups')
      .option('--idempotent', 'with --producer: an idempotent one')
      .option('--force', 'do not ask for confirmation')
      .option('--json', 'with --list: write one JSON array'),
  run: async (options, context) => {
    checkOptions(options)
    if (options.list) {
      await connected(options, context, (admin) => list(admin, options, context))
      return 0
    }
    const wanted = resourceAcls(options)
    if (options.add) {
      checkAddable(options, wanted)
      await connected(options, context, (admin) => add(admin, wanted, context))
    } else {
      await connected(options, context, (admin) => remove(admin, wanted, options.force === true, context))
    }
    return 0
  },
}

function connected(
  options: AclsOptions,
  context: CommandContext,
  work: (admin: Admin) => Promise<void>,
): Promise<void> {
  return prefixingProblems('Error while executing ACL command: ', async () => {
    try {
      await withAdmin(options, context, work)
    } catch (error) {
      if (!(error instanceof KafkaError) || error.code !== 'PROTOCOL') throw error
      throw new UsageError('No Authorizer is configured: the broker has no ACLs.')
    }
  })
}

function checkOptions(options: AclsOptions): void {
  const { list: isList, add: isAdd, remove: isRemove, producer, consumer, topic, group } = options
  if (options.bootstrapServer === undefined)
    throw new UsageError('One of --bootstrap-server or --bootstrap-controller must be specified')
  if ([isAdd, isRemove, isList].filter(Boolean).length !== 1)
    throw new UsageError('Command must include exactly one action: --list, --add, --remove. ')
  const roles = ['producer', 'consumer'] as const
  refuseBeside(options, 'list', [...roles, 'allowHost', 'allowPrincipal', 'denyHost', 'denyPrincipal'])
  for (const role of roles) refuseBeside(options, role, ['operation', 'denyPrincipal', 'denyHost'])
  if (options.principal !== undefined && !isList)
    throw new UsageError('The --principal option is only available if --list is set')
  if (producer && topic === undefined) throw new UsageError('With --producer you must specify a --topic')
  if (options.idempotent && !producer)
    throw new UsageError('The --idempotent option is only available if --producer is set')
  const others = !producer && (options.cluster || options.transactionalId !== undefined)
  if (consumer && (topic === undefined || group === undefined || others)) {
    throw new UsageError(
      'With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.',
    )
  }
  patternOf(options)
}

function checkAddable(options: AclsOptions, wanted: ResourceAcls): void {
  const pattern = patternOf(options)
  if (pattern === 'any' || pattern === 'match') {
    throw new UsageError(
      `A '--resource-pattern-type' value of '${pattern.toUpperCase()}' is not valid when adding acls.`,
    )
  }
  if (wanted.some(([, entries]) => entries.length === 0)) {
    throw new UsageError(
      'You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.',
    )
  }
}

async function add(admin: Admin, wanted: ResourceAcls, context: CommandContext): Promise<void> {
  for (const [resource, entries] of wanted) {
    await context.out(`Adding ACLs for resource \`${resourceText(resource)}\`: \n ${linesOf(entries)} \n\n`)
    const { type, name, pattern } = resource
    const patternType = pattern === 'prefixed' ? pattern : 'literal'
    await admin.createAcls(
      entries.map((entry) => ({ resourceType: type, resourceName: name, patternType, ...entry })),
    )
  }
}

async function remove(
  admin: Admin,
  wanted: ResourceAcls,
  isForced: boolean,
  context: CommandContext,
): Promise<void> {
  const answers = isForced ? undefined : createInterface({ input: context.input })[Symbol.asyncIterator]()
  for (const [resource, entries] of wanted) {
    const text = resourceText(resource)
    if (answers !== undefined) {
      const question =
        entries.length === 0
          ? `Are you sure you want to delete all ACLs for resource filter \`${text}\`? (y/n)`
          : `Are you sure you want to remove ACLs: \n ${linesOf(entries)} \n from resource filter \`${text}\`? (y/n)`
      await context.out(`${question}\n`)
      const { value } = await answers.next()
      if (
        String(value ?? '')
          .trim()
          .toLowerCase() !== 'y'
      )
        continue
    }
    const filter = filterOf(resource)
    await admin.deleteAcls(
      entries.length === 0 ? [filter] : entries.map((entry) => ({ ...filter, ...entry })),
    )
  }
}

async function list(admin: Admin, options: AclsOptions, context: CommandContext): Promise<void> {
  const principals = (options.principal ?? []).map(readPrincipal)
  const filters: AclFilter[] = namedResources(options).map(filterOf)
  const found = await Promise.all(
    (filters.length === 0 ? [{}] : filters).map((filter) => admin.describeAcls(filter)),
  )
  const bindings = found.flat()
  if (options.json) {
    const shown = bindings.filter(
      ({ principal }) => principals.length === 0 || principals.includes(principal),
    )
    return context.out(`${JSON.stringify(shown)}\n`)
  }
  if (principals.length === 0) return context.out(blocksOf(bindings))
  for (const principal of principals) {
    await context.out(`ACLs for principal \`${principal}\`\n`)
    await context.out(blocksOf(bindings.filter((each) => each.principal === principal)))
  }
}

function filterOf({ type, name, pattern }: AclResource): AclFilter {
  return {
    resourceType: type,
    resourceName: name,
    ...(pattern !== 'any' && { patternType: pattern }),
  }
}

/** Each resource with all that holds for it, once. */
function blocksOf(bindings: readonly AclBinding[]): string {
  const byResource = new Map<string, Set<string>>()
  for (const binding of bindings) {
    const { resourceType: type, resourceName: name, patternType: pattern } = binding
    const text = resourceText({ type, name, pattern })
    const entries = byResource.get(text) ?? new Set()
    byResource.set(text, entries.add(`\t${entryText(binding)}`))
  }
  return Array.from(
    byResource,
    ([text, entries]) => `Current ACLs for resource \`${text}\`: \n ${[...entries].join('\n')} \n\n`,
  ).join('')
}

function linesOf(entries: readonly AclEntry[]): string {
  return entries.map((entry) => `\t${entryText(entry)}`).join('\n')
}
