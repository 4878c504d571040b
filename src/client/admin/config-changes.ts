/**
 * Changing settings one by one: IncrementalAlterConfigs (KIP-339).
 *
 * A broker from before that has only AlterConfigs, which replaces all settings of a resource at once: there the present
 * ones are read, changed and written back. What somebody else changes meanwhile is lost then, and secrets, which nobody
 * is told, can't be kept: a resource that has any is refused.
 */
import { AlterConfigsRequest, AlterConfigsResponse } from '../../protocol/messages/33-alter-configs.ts'
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../protocol/messages/44-incremental-alter-configs.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { Outcome } from '../outcomes.ts'
import { type CodedAnswer, inOrder, outcomeOf } from './answers.ts'
import type { ConfigEntry } from './config-entries.ts'
import {
  type ConfigResource,
  type ConfigResourceType,
  checkConfigResources,
  configResourceTypes,
  homeOf,
  nameOfResource,
} from './config-resource.ts'
import { describeConfigs } from './configs.ts'
import { checkList, checkText, refuse } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { brokerById } from './routes.ts'

const INCREMENTAL_ALTER_CONFIGS = defineApi(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse)
const ALTER_CONFIGS = defineApi(AlterConfigsRequest, AlterConfigsResponse, [0, 2])

const SET = 0
const DELETE = 1
const APPEND = 2
const SUBTRACT = 3

/** A setting stands in one of the four at most. */
export interface ConfigChange extends ConfigResource {
  readonly set?: Readonly<Record<string, string>> | undefined
  /** Back to what it is without: the next synonym, or the default. */
  readonly delete?: readonly string[] | undefined
  /** To the end of a list. */
  readonly append?: Readonly<Record<string, string>> | undefined
  /** From a list. */
  readonly subtract?: Readonly<Record<string, string>> | undefined
}

export interface AlterConfigsOptions extends AdminCallOptions {
  readonly validateOnly?: boolean | undefined
}

interface Step {
  readonly name: string
  readonly configOperation: number
  readonly value: string | null
}

export async function alterConfigs(
  requester: Requester,
  changes: readonly ConfigChange[],
  { validateOnly = false, timeoutMs }: AlterConfigsOptions,
): Promise<void> {
  checkConfigResources(changes)
  for (const change of changes) checkSteps(change)
  const remainingMs = requester.countdown(timeoutMs)
  await requester.each<ConfigChange, void>({
    what: 'alterConfigs',
    things: changes,
    nameOf: nameOfResource,
    route: brokerById(requester.cluster, homeOf),
    timeoutMs,
    call: async (connection, things) => {
      const { apis } = connection
      const isOld =
        apis!.newest(INCREMENTAL_ALTER_CONFIGS) === undefined && apis!.newest(ALTER_CONFIGS) !== undefined
      if (isOld) {
        return Promise.all(
          things.map((change) => replaceAll(requester, connection, change, validateOnly, remainingMs())),
        )
      }
      const resources = things.map((change) => ({ ...resourceOf(change), configs: stepsOf(change) }))
      const answer = await connection.call(INCREMENTAL_ALTER_CONFIGS, { resources, validateOnly })
      return inOrder(things, nameOfResource, outcomesOf(answer.responses))
    },
  })
}

function resourceOf({ type, name }: ConfigResource) {
  return { resourceType: configResourceTypes.numberOf('type', type), resourceName: String(name) }
}

function outcomesOf(
  responses: readonly (CodedAnswer & { readonly resourceType: number; readonly resourceName: string })[],
): Map<string, Outcome<void>> {
  const outcomes = new Map<string, Outcome<void>>()
  for (const response of responses) {
    const type = configResourceTypes.wordOf(response.resourceType) as ConfigResourceType
    const key = nameOfResource({ type, name: response.resourceName })
    outcomes.set(
      key,
      outcomeOf(key, response, () => {}),
    )
  }
  return outcomes
}

function stepsOf(change: ConfigChange): Step[] {
  const { set = {}, delete: deleted = [], append = {}, subtract = {} } = change
  const steps = (configOperation: number, values: Readonly<Record<string, string>>): Step[] =>
    Object.entries(values).map(([name, value]) => ({ name, configOperation, value }))
  return [
    ...steps(SET, set),
    ...deleted.map((name) => ({ name, configOperation: DELETE, value: null })),
    ...steps(APPEND, append),
    ...steps(SUBTRACT, subtract),
  ]
}

function checkSteps(change: ConfigChange): void {
  const what = nameOfResource(change)
  if (change.delete !== undefined) checkList(`${what}: delete`, change.delete)
  const steps = stepsOf(change)
  if (steps.length === 0) refuse(`${what}: nothing is to be changed: give set, delete, append or subtract`)
  const seen = new Set<string>()
  for (const { name, configOperation, value } of steps) {
    checkText(`${what}: the name of a config`, name)
    if (configOperation !== DELETE) checkText(`${what}: config ${name}`, value)
    if (seen.has(name)) refuse(`${what}: config ${name} is changed twice`)
    seen.add(name)
  }
}

// --- With the old API ------------------------------------------------------------------------------------------------

async function replaceAll(
  requester: Requester,
  connection: BrokerConnection,
  change: ConfigChange,
  validateOnly: boolean,
  timeoutMs: number,
): Promise<Outcome<void>> {
  try {
    const { type, name } = change
    const [described] = await describeConfigs(requester, [{ type, name }], { timeoutMs })
    const configs = changed(change, described!.configs)
    const resources = [
      { ...resourceOf(change), configs: Array.from(configs, ([key, value]) => ({ name: key, value })) },
    ]
    const answer = await connection.call(ALTER_CONFIGS, { resources, validateOnly })
    return inOrder([change], nameOfResource, outcomesOf(answer.responses))[0]
  } catch (error) {
    if (error instanceof KafkaError) return error
    throw error
  }
}

/** All settings that the resource shall have of its own. */
function changed(change: ConfigChange, entries: readonly ConfigEntry[]): Map<string, string> {
  const values = new Map(entries.map(({ name, value }) => [name, value]))
  const own = new Map<string, string | null>()
  for (const entry of entries) if (isOwn(change, entry)) own.set(entry.name, entry.value)
  for (const { name, configOperation, value } of stepsOf(change)) {
    if (configOperation === DELETE) own.delete(name)
    else own.set(name, valueAfter(configOperation, values.get(name) ?? '', value!))
  }
  for (const [name, value] of own) {
    if (value !== null) continue
    const message = `${nameOfResource(change)}: the broker can only replace all configs, and does not tell the secret ${name}`
    throw new KafkaError('PROTOCOL', message)
  }
  return own as Map<string, string>
}

/** It was set for this resource, and not for all of its kind. */
function isOwn({ type, name }: ConfigResource, { source, isDefault, isReadOnly }: ConfigEntry): boolean {
  if (isReadOnly) return false
  // Brokers before 1.1 tell no source, only whether it is the default.
  if (source === 'unknown') return !isDefault
  if (type === 'broker') return source === (name === '' ? 'dynamic-default-broker' : 'dynamic-broker')
  return source === `dynamic-${type}`
}

function valueAfter(configOperation: number, before: string, value: string): string {
  if (configOperation === SET) return value
  const items = before.split(',').filter((item) => item !== '')
  const given = value.split(',')
  return configOperation === APPEND
    ? [...items, ...given.filter((item) => !items.includes(item))].join(',')
    : items.filter((item) => !given.includes(item)).join(',')
}
