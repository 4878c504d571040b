/**
 * Where the brokers are, for the commands' old option `--zookeeper`: a ZooKeeper is asked, if one answers there. A Sluice
 * broker keeps that store itself and has no such port; then the same hosts are tried at Kafka's own.
 */
import { NetworkError } from '../../base/network.ts'
import {
  type ZookeeperAddress,
  ZookeeperError,
  type ZookeeperPlatform,
  ZookeeperReader,
} from '../../coordination/zookeeper-reader.ts'
import { UsageError } from './command.ts'
import { platform } from './connection.ts'

const TIMEOUT_MS = 3000
const ZOOKEEPER_PORT = 2181
const KAFKA_PORT = 9092

/**
 * `host:port,...` of brokers, from `host:port,.../chroot` of ZooKeepers. Throws UsageError for an address that is none, and
 * where a ZooKeeper knows of no broker.
 */
export async function zookeeperBrokers(
  zookeeper: string,
  system: ZookeeperPlatform = platform,
): Promise<string> {
  const { servers, chroot } = readConnectString(zookeeper)
  const folder = `${chroot}/brokers/ids`
  for (const server of servers) {
    const brokers = await brokersIn(system, server, folder)
    if (brokers?.length === 0)
      throw new UsageError(`The ZooKeeper at ${zookeeper} knows of no broker in ${folder}`)
    if (brokers !== undefined) return brokers.join(',')
  }
  return servers.map(({ host }) => `${host.includes(':') ? `[${host}]` : host}:${KAFKA_PORT}`).join(',')
}

/** Undefined: no ZooKeeper answers there, or not in order. */
async function brokersIn(
  system: ZookeeperPlatform,
  server: ZookeeperAddress,
  folder: string,
): Promise<string[] | undefined> {
  try {
    const reader = await ZookeeperReader.open(system, server, TIMEOUT_MS)
    const found: string[] = []
    try {
      for (const id of (await reader.children(folder)) ?? []) {
        const address = addressOf(await reader.data(`${folder}/${id}`))
        if (address !== undefined) found.push(address)
      }
    } finally {
      reader.close()
    }
    return found
  } catch (error) {
    if (error instanceof NetworkError || error instanceof ZookeeperError) return undefined
    throw error
  }
}

/** Of a broker that registered: its plain listener if it has one, or the first. */
function addressOf(registration: Buffer | undefined): string | undefined {
  if (registration === undefined) return undefined
  try {
    const { host, port, endpoints } = JSON.parse(registration.toString()) as Record<string, unknown>
    if (typeof host === 'string' && typeof port === 'number' && port > 0) return `${host}:${port}`
    const [first] = Array.isArray(endpoints) ? endpoints : []
    return typeof first === 'string' ? first.replace(/^.*:\/\//, '') : undefined
  } catch {
    return undefined
  }
}

function readConnectString(text: string): { servers: ZookeeperAddress[]; chroot: string } {
  const slash = text.indexOf('/')
  const hosts = slash < 0 ? text : text.slice(0, slash)
  const chroot = slash < 0 ? '' : text.slice(slash).replace(/\/+$/, '')
  const servers = hosts.split(',').map((server) => {
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d+))?$/.exec(server.trim()) ?? []
    const host = bracketed ?? plain
    if (host === undefined || Number(port ?? ZOOKEEPER_PORT) > 0xffff)
      throw new UsageError(`"${server}" in --zookeeper does not read as host:port`)
    return { host, port: Number(port ?? ZOOKEEPER_PORT) }
  })
  return { servers, chroot }
}
