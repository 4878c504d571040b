/** Who may do what to what: access control lists. Every broker passes them on to where they are kept. */
import { DescribeAclsRequest, DescribeAclsResponse } from '../../protocol/messages/29-describe-acls.ts'
import { CreateAclsRequest, CreateAclsResponse } from '../../protocol/messages/30-create-acls.ts'
import { DeleteAclsRequest, DeleteAclsResponse } from '../../protocol/messages/31-delete-acls.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import type { Outcome } from '../outcomes.ts'
import {
  type AclOperation,
  type AclPatternType,
  type AclPermission,
  type AclResourceType,
  ANY,
  MATCH,
  operations,
  patternTypes,
  permissions,
  resourceTypes,
} from './acl-words.ts'
import { type CodedAnswer, checkAnswer, outcomeOf } from './answers.ts'
import { checkList, checkText } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { anyBroker } from './routes.ts'

const DESCRIBE_ACLS = defineApi(DescribeAclsRequest, DescribeAclsResponse, [0, 3])
const CREATE_ACLS = defineApi(CreateAclsRequest, CreateAclsResponse, [0, 3])
const DELETE_ACLS = defineApi(DeleteAclsRequest, DeleteAclsResponse, [0, 3])
const LITERAL = 3
/** Brokers before 2.0 know names as they are, and no patterns. */
const FIRST_VERSION_WITH_PATTERNS = 1
const EVERY_HOST = '*'

export interface AclBinding {
  readonly resourceType: AclResourceType
  /** `*` with the pattern `literal`: all of them. Of the cluster: `kafka-cluster`. */
  readonly resourceName: string
  readonly patternType: AclPatternType
  /** `User:alice`; `User:*` is everyone. */
  readonly principal: string
  readonly host: string
  readonly operation: AclOperation
  readonly permission: AclPermission
}

/** What is left out has the value that most have: a literal name, from every host, allowed. */
export type NewAcl = Omit<AclBinding, 'patternType' | 'host' | 'permission'> &
  Partial<Pick<AclBinding, 'patternType' | 'host' | 'permission'>>

/** What is left out may be anything. */
export interface AclFilter {
  readonly resourceType?: AclResourceType | undefined
  readonly resourceName?: string | undefined
  /** `match`: whatever is valid for a resource of that name, by a prefix or `*` too. */
  readonly patternType?: AclPatternType | 'match' | undefined
  readonly principal?: string | undefined
  readonly host?: string | undefined
  readonly operation?: AclOperation | undefined
  readonly permission?: AclPermission | undefined
}

export async function describeAcls(
  requester: Requester,
  filter: AclFilter,
  { timeoutMs }: AdminCallOptions,
): Promise<AclBinding[]> {
  const body = filterOf('filter', filter)
  return requester.one({
    what: 'describeAcls',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => {
      const version = connection.apis!.versionOf(DESCRIBE_ACLS)
      const answer = await connection.call(DESCRIBE_ACLS, forVersion(body, version), { version })
      checkAnswer('describeAcls', answer)
      return answer.resources.flatMap(({ resourceType, resourceName, patternType, acls }) =>
        acls.map((acl) => bindingOf({ ...acl, resourceType, resourceName, patternType })),
      )
    },
  })
}

/** In the details of an error the ACLs go by their places in the list: `'0'`, `'1'`, ... */
export async function createAcls(
  requester: Requester,
  acls: readonly NewAcl[],
  { timeoutMs }: AdminCallOptions,
): Promise<void> {
  checkList('acls', acls)
  const creations = acls.map((acl, i) => ({ index: i, ...creationOf(`acls[${i}]`, acl) }))
  await requester.each<(typeof creations)[number], void>({
    what: 'createAcls',
    things: creations,
    nameOf: ({ index }) => String(index),
    route: anyBroker(),
    timeoutMs,
    call: async (connection, things) => {
      const { results } = await connection.call(CREATE_ACLS, { creations: things })
      return things.map(({ index }, i) => ofPlace(`acls[${index}]`, results[i], () => {}))
    },
  })
}

/** For each filter what it deleted. In the details of an error the filters go by their places in the list. */
export async function deleteAcls(
  requester: Requester,
  filters: readonly AclFilter[],
  { timeoutMs }: AdminCallOptions,
): Promise<AclBinding[][]> {
  checkList('filters', filters)
  const bodies = filters.map((filter, i) => ({ index: i, ...filterOf(`filters[${i}]`, filter) }))
  return requester.each<(typeof bodies)[number], AclBinding[]>({
    what: 'deleteAcls',
    things: bodies,
    nameOf: ({ index }) => String(index),
    route: anyBroker(),
    timeoutMs,
    call: async (connection, things) => {
      const version = connection.apis!.versionOf(DELETE_ACLS)
      const asked = things.map((body) => forVersion(body, version))
      const { filterResults } = await connection.call(DELETE_ACLS, { filters: asked }, { version })
      return things.map(({ index }, i) => {
        const what = `filters[${index}]`
        const result = filterResults[i]
        const failed = result?.matchingAcls.find(({ errorCode }) => errorCode !== 0)
        return ofPlace(what, failed ?? result, () => result!.matchingAcls.map(bindingOf))
      })
    },
  })
}

function ofPlace<Value>(what: string, answer: CodedAnswer | undefined, value: () => Value): Outcome<Value> {
  if (answer === undefined) return new KafkaError('PROTOCOL', `the broker said nothing of ${what}`)
  return outcomeOf(what, answer, value)
}

function creationOf(what: string, acl: NewAcl) {
  const { resourceName, principal, host = EVERY_HOST, patternType = 'literal', permission = 'allow' } = acl
  checkText(`${what}.resourceName`, resourceName)
  checkText(`${what}.principal`, principal)
  checkText(`${what}.host`, host)
  return {
    resourceType: resourceTypes.numberOf(`${what}.resourceType`, acl.resourceType),
    resourceName,
    resourcePatternType: patternTypes.numberOf(`${what}.patternType`, patternType),
    principal,
    host,
    operation: operations.numberOf(`${what}.operation`, acl.operation),
    permissionType: permissions.numberOf(`${what}.permission`, permission),
  }
}

function filterOf(what: string, filter: AclFilter) {
  const { resourceType, resourceName = null, patternType, principal = null, host = null } = filter
  const { operation, permission } = filter
  for (const [name, value] of Object.entries({ resourceName, principal, host }))
    if (value !== null) checkText(`${what}.${name}`, value)
  return {
    resourceTypeFilter:
      resourceType === undefined ? ANY : resourceTypes.numberOf(`${what}.resourceType`, resourceType),
    resourceNameFilter: resourceName,
    patternTypeFilter: patternFilter(`${what}.patternType`, patternType),
    principalFilter: principal,
    hostFilter: host,
    operation: operation === undefined ? ANY : operations.numberOf(`${what}.operation`, operation),
    permissionType: permission === undefined ? ANY : permissions.numberOf(`${what}.permission`, permission),
  }
}

function patternFilter(what: string, patternType: AclFilter['patternType']): number {
  if (patternType === undefined) return ANY
  return patternType === 'match' ? MATCH : patternTypes.numberOf(what, patternType)
}

function forVersion<Body extends { readonly patternTypeFilter: number }>(body: Body, version: number): Body {
  const isNotNeeded = version < FIRST_VERSION_WITH_PATTERNS && body.patternTypeFilter === ANY
  return isNotNeeded ? { ...body, patternTypeFilter: LITERAL } : body
}

function bindingOf(acl: {
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}): AclBinding {
  return {
    resourceType: resourceTypes.wordOf(acl.resourceType) as AclResourceType,
    resourceName: acl.resourceName,
    patternType: patternTypes.wordOf(acl.patternType) as AclPatternType,
    principal: acl.principal,
    host: acl.host,
    operation: operations.wordOf(acl.operation) as AclOperation,
    permission: permissions.wordOf(acl.permissionType) as AclPermission,
  }
}
