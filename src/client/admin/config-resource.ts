/** What has settings: topics, brokers, the loggers of brokers, metrics of clients, groups. */
import { checkList, checkNames, refuse, show, Words } from './input.ts'
import { ANY_BROKER } from './routes.ts'

const TYPES = { topic: 2, broker: 4, 'broker-logger': 8, 'client-metrics': 16, group: 32 } as const

export type ConfigResourceType = keyof typeof TYPES
export const configResourceTypes = new Words<ConfigResourceType>(TYPES)

export interface ConfigResource {
  readonly type: ConfigResourceType
  /** Of a broker its id; `''` stands for what all brokers have by default. */
  readonly name: string | number
}

export function nameOfResource({ type, name }: ConfigResource): string {
  return `${type} ${name}`
}

/** A broker and its loggers are asked themselves, all else is known to every broker. */
export function homeOf({ type, name }: ConfigResource): number {
  const isBrokers = (type === 'broker' || type === 'broker-logger') && name !== ''
  return isBrokers ? Number(name) : ANY_BROKER
}

export function checkConfigResources(resources: readonly ConfigResource[]): void {
  checkList('resources', resources)
  for (const [i, resource] of resources.entries()) {
    const { type, name } = resource
    configResourceTypes.numberOf(`resources[${i}].type`, type)
    if (typeof name !== 'string' && typeof name !== 'number')
      refuse(`resources[${i}].name must be a text or the id of a broker, not ${show(name)}`)
    const isBrokers = type === 'broker' || type === 'broker-logger'
    const isId = /^\d+$/.test(String(name)) && Number(name) <= 0x7fffffff
    if (isBrokers && !isId && !(type === 'broker' && name === ''))
      refuse(`resources[${i}].name must be the id of a broker, not ${show(name)}`)
  }
  checkNames('resources', resources.map(nameOfResource))
}
