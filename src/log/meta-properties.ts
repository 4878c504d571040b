/**
 * `meta.properties` in a log directory: which broker of which cluster the data belongs to. Version 0 is what brokers
 * with ZooKeeper's metadata write (`broker.id`), version 1 that of KRaft (`node.id`); both are read, 0 is written.
 * What else is in the file (`directory.id`) is kept.
 */
import { type Disk, DiskError } from '../base/disk.ts'

const META_PROPERTIES = 'meta.properties'

export interface MetaProperties {
  readonly version: 0 | 1
  readonly brokerId: number | undefined
  readonly clusterId: string | undefined
  /** Entries that mean nothing here. */
  readonly others: ReadonlyMap<string, string>
}

/** undefined without the file; a string says why it can't be used. Throws DiskError. */
export function readMetaProperties(disk: Disk, directory: string): MetaProperties | string | undefined {
  const path = `${directory}/${META_PROPERTIES}`
  let text: string
  try {
    text = disk.readFile(path).toString('utf8')
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return undefined
    throw error
  }
  const entries = parseProperties(text)
  const version = entries.get('version') ?? '0'
  if (version !== '0' && version !== '1') return `Unknown version '${version}' in ${path}.`
  const idKey = version === '0' ? 'broker.id' : 'node.id'
  const idText = entries.get(idKey)
  if (idText !== undefined && !/^\d{1,9}$/.test(idText)) return `Invalid ${idKey} '${idText}' in ${path}.`
  const clusterId = entries.get('cluster.id')
  for (const key of ['version', idKey, 'cluster.id']) entries.delete(key)
  const brokerId = idText === undefined ? undefined : Number(idText)
  return { version: version === '0' ? 0 : 1, brokerId, clusterId, others: entries }
}

/** Throws DiskError. `nowMs` dates the file, as Java's property files are dated. */
export function writeMetaProperties(
  disk: Disk,
  directory: string,
  properties: MetaProperties,
  nowMs: number,
): void {
  const lines = ['#', `#${javaDate(nowMs)}`]
  if (properties.clusterId !== undefined) lines.push(`cluster.id=${properties.clusterId}`)
  lines.push(`version=${properties.version}`)
  const idKey = properties.version === 0 ? 'broker.id' : 'node.id'
  if (properties.brokerId !== undefined) lines.push(`${idKey}=${properties.brokerId}`)
  for (const [key, value] of properties.others) lines.push(`${key}=${value}`)
  disk.writeFileAtomic(`${directory}/${META_PROPERTIES}`, `${lines.join('\n')}\n`)
}

function parseProperties(text: string): Map<string, string> {
  const entries = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!\s=:][^=:\s]*)\s*[=:]?\s*(.*?)\s*$/.exec(line)
    if (match !== null) entries.set(match[1]!, match[2]!)
  }
  return entries
}

/** `Sun Sep 24 06:59:18 UTC 2023` */
function javaDate(nowMs: number): string {
  const date = new Date(nowMs)
  const [weekday, day, month, year, time] = date.toUTCString().replace(',', '').split(' ')
  return `${weekday} ${month} ${day} ${time} UTC ${year}`
}
