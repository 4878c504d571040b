/**
 * Where the brokers are, for the commands' old option `--zookeeper`: a ZooKeeper is asked, if one answers there. A Sluice
 * broker keeps that store itself and has no such port; then the same hosts are tried at Kafka's own.
 */
import type { Connector } from '../../base/connector.ts'
import { NetworkError } from '../../base/network.ts'
import {
  type ZookeeperAddress,
  ZookeeperError,
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
  connector: Connector = platform.connector,
): Promise<string> {
  const { servers, chroot } = readConnectString(zookeeper)
  for (const server of servers) {
    const reader = await open(connector, server)
    if (reader === undefined) continue
    try {
      return await brokersIn(reader, chroot, zookeeper)
    } finally {
      reader.close()
    }
  }
  return servers.map(({ host }) => `${host.includes(':') ? `[${host}]` : host}:${KAFKA_PORT}`).join(',')
}

async function open(connector: Connector, server: ZookeeperAddress): Promise<ZookeeperReader | undefined> {
  try {
    return await ZookeeperReader.open(connector, server, TIMEOUT_MS)
  } catch (error) {
    if (error instanceof NetworkError || error instanceof ZookeeperError) return undefined
    throw error
  }
}

async function brokersIn(reader: ZookeeperReader, chroot: string, zookeeper: string): Promise<string> {
  const folder = `${chroot}/brokers/ids`
  const found: string[] = []
  for (const id of (await reader.children(folder)) ?? []) {
    const address = addressOf(await reader.data(`${folder}/${id}`))
    if (address !== undefined) found.push(address)
  }
  if (found.length === 0)
    throw new UsageError(`The ZooKeeper at ${zookeeper} knows of no broker in ${folder}`)
  return found.join(',')
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
