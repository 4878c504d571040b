/**
 * What IncrementalAlterConfigs makes of the configs of a resource: sets and deletes, and for lists also appends and
 * subtracts (KIP-339), in the order in which they come. What results is checked by whoever knows the resource.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { ConfigKey } from './config-def.ts'

type Entries = ReadonlyMap<string, string>

export interface ConfigOperation {
  readonly name: string
  readonly configOperation: number
  readonly value: string | null
}

/** An answer that says no. */
export interface ConfigRefusal {
  readonly errorCode: number
  readonly errorMessage: string | null
}

const SET = 0
const DELETE = 1
const APPEND = 2
const SUBTRACT = 3

export function isConfigRefusal(outcome: object): outcome is ConfigRefusal {
  return 'errorCode' in outcome
}

/** What is wrong with a request whatever it is about. */
export function refuseEntries(
  entries: readonly { readonly name: string; readonly value: string | null; configOperation?: number }[],
): ConfigRefusal | undefined {
  if (new Set(entries.map(({ name }) => name)).size < entries.length) {
    return invalidRequest('Error due to duplicate config keys')
  }
  const nulls = entries.filter(({ value, configOperation }) => value === null && configOperation !== DELETE)
  if (nulls.length > 0) {
    return invalidRequest(`Null value not supported for : ${nulls.map(({ name }) => name).join(', ')}`)
  }
  return undefined
}

/** How Kafka says that a config is no list: of brokers it does so in words of its own. */
type NotAList = (operation: string, name: string) => string

const notAList: NotAList = (operation, name) =>
  `Can't ${operation} to key ${name} because its type is not LIST.`

/** @param keyOf a list that has no value yet starts from its key's default, even where the broker has another one. */
export function applyOperations(
  entries: Entries,
  operations: readonly ConfigOperation[],
  keyOf: (name: string) => ConfigKey | undefined,
  inWords = notAList,
): Entries | ConfigRefusal {
  const altered = new Map(entries)
  for (const { name, configOperation, value } of operations) {
    switch (configOperation) {
      case SET:
        altered.set(name, value ?? '')
        break
      case DELETE:
        altered.delete(name)
        break
      case APPEND:
      case SUBTRACT: {
        const key = keyOf(name)
        if (key?.type !== 'list') {
          return invalidConfig(inWords(configOperation === APPEND ? 'APPEND' : 'SUBTRACT', name))
        }
        const elements = (altered.get(name) ?? key.defaultText ?? '').split(',').filter((each) => each !== '')
        const given = elementsOf(value ?? '')
        altered.set(name, (configOperation === APPEND ? union : without)(elements, given).join(','))
        break
      }
      default:
        return invalidRequest(`Unknown operations type ${configOperation}`)
    }
  }
  return altered
}

/** Nothing is one empty element, which no list takes; empty ones at the end don't count. */
function elementsOf(value: string): string[] {
  return value.replace(/(?<=.),+$/, '').split(',')
}

function union(elements: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...elements, ...more])]
}

function without(elements: readonly string[], fewer: readonly string[]): string[] {
  return elements.filter((each) => !fewer.includes(each))
}

export function invalidRequest(errorMessage: string): ConfigRefusal {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage }
}

export function invalidConfig(errorMessage: string): ConfigRefusal {
  return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage }
}
