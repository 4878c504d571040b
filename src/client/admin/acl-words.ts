/** The words of access control, and the numbers that stand for them on the wire. */
import { Words } from './input.ts'

const OPERATIONS = {
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  'cluster-action': 9,
  'describe-configs': 10,
  'alter-configs': 11,
  'idempotent-write': 12,
  'create-tokens': 13,
  'describe-tokens': 14,
  'two-phase-commit': 15,
} as const
const RESOURCE_TYPES = {
  topic: 2,
  group: 3,
  cluster: 4,
  'transactional-id': 5,
  'delegation-token': 6,
  user: 7,
} as const
const PATTERN_TYPES = { literal: 3, prefixed: 4 } as const
const PERMISSIONS = { deny: 2, allow: 3 } as const

export type AclOperation = keyof typeof OPERATIONS
export type AclResourceType = keyof typeof RESOURCE_TYPES
export type AclPatternType = keyof typeof PATTERN_TYPES
export type AclPermission = keyof typeof PERMISSIONS

/** In filters alone: every one; and every pattern that fits a name. */
export const ANY = 1
export const MATCH = 2

export const operations = new Words<AclOperation>(OPERATIONS)
export const resourceTypes = new Words<AclResourceType>(RESOURCE_TYPES)
export const patternTypes = new Words<AclPatternType>(PATTERN_TYPES)
export const permissions = new Words<AclPermission>(PERMISSIONS)

const NOT_TOLD = -2147483648

/** Of the field of bits in which brokers tell what the one who asks may do; null: it is not told. */
export function authorizedOperations(bits: number): readonly AclOperation[] | null {
  return bits === NOT_TOLD ? null : operations.wordsIn(bits)
}
