/** kafka-broker-api-versions.sh: which versions of which APIs each broker has, and which of them this client would use. */
import type { ApiVersions } from '../../client/admin/api-versions.ts'
import type { ClusterBroker } from '../../client/admin/cluster-description.ts'
import { APIS, type Api } from '../../protocol/apis.ts'
import type { KafkaCommand } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, withAdmin } from '../command/connection.ts'

interface BrokerApiVersionsOptions extends BootstrapOptions {
  readonly json?: true
}

/** Between controllers alone: no broker has them for clients. */
const OF_CONTROLLERS: ReadonlySet<string> = new Set([
  'Vote',
  'BeginQuorumEpoch',
  'EndQuorumEpoch',
  'FetchSnapshot',
  'BrokerRegistration',
  'BrokerHeartbeat',
  'ControllerRegistration',
  'AssignReplicasToDirs',
  'UpdateRaftVoter',
])
const SHOWN = APIS.filter(({ name }) => !OF_CONTROLLERS.has(name))

export const brokerApiVersionsCommand: KafkaCommand<BrokerApiVersionsOptions> = {
  name: 'kafka-broker-api-versions',
  description: 'Show which versions of which APIs brokers have.',
  configure: (command) => void bootstrapOptions(command).option('--json', 'write one JSON array'),
  run: async (options, context) => {
    await withAdmin(options, context, async (admin) => {
      const [{ brokers }, versions] = await Promise.all([
        admin.describeCluster(),
        admin.describeApiVersions(),
      ])
      const byId = new Map(versions.map(({ brokerId, apis }) => [brokerId, apis]))
      const known = [...brokers].sort((a, b) => a.nodeId - b.nodeId).filter(({ nodeId }) => byId.has(nodeId))
      if (options.json) {
        const told = known.map(({ nodeId, host, port }) => ({
          id: nodeId,
          host,
          port,
          apis: byId.get(nodeId)!.map((api) => ({ name: nameOf(api.apiKey), ...api })),
        }))
        return context.out(`${JSON.stringify(told)}\n`)
      }
      for (const broker of known) await context.out(textOf(broker, byId.get(broker.nodeId)!))
    })
    return 0
  },
}

function nameOf(apiKey: number): string {
  return APIS.find(({ key }) => key === apiKey)?.name ?? `UNKNOWN`
}

function textOf({ nodeId, host, port, rack }: ClusterBroker, offered: readonly ApiVersions[]): string {
  const byKey = new Map(offered.map((each) => [each.apiKey, each]))
  const known = SHOWN.map((api) => lineOf(api, byKey.get(api.key)))
  const others = offered
    .filter(({ apiKey }) => !SHOWN.some(({ key }) => key === apiKey))
    .map((each) => `${nameOf(each.apiKey)}(${each.apiKey}): ${rangeOf(each)}`)
  const lines = [...known, ...others].map((line) => `\t${line}`)
  return `${host}:${port} (id: ${nodeId} rack: ${rack}) -> (\n${lines.join(',\n')}\n)\n`
}

function lineOf(api: Api, offered: ApiVersions | undefined): string {
  const name = `${api.name}(${api.key})`
  if (offered === undefined) return `${name}: UNSUPPORTED`
  const usable = Math.min(api.maxVersion, offered.maxVersion)
  if (usable >= Math.max(api.minVersion, offered.minVersion))
    return `${name}: ${rangeOf(offered)} [usable: ${usable}]`
  return `${name}: ${rangeOf(offered)} [unusable: node too ${offered.minVersion > api.maxVersion ? 'new' : 'old'}]`
}

function rangeOf({ minVersion, maxVersion }: ApiVersions): string {
  return minVersion === maxVersion ? String(minVersion) : `${minVersion} to ${maxVersion}`
}
