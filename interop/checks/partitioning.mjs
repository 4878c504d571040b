/**
 * Records with keys, spread over three partitions by each client's own partitioner: a key stays in one partition,
 * the same with every client (they are told to choose as Java's does, which is one of them), its records stay in order, and
 * offsets are dense in every partition.
 */
import { join } from 'node:path'
import { recordLine, writeBlock } from '../lib/records.mjs'
import { expect } from '../lib/report.mjs'

const partitions = 3
const recordCount = 1000
const keyCount = 40

/** @param {import('../lib/context.mjs').Context} context */
export async function checkPartitioning({ report, clients, bootstrap, folder, createTopic }) {
  const reader = clients.find(({ name }) => name === 'librdkafka')
  /** Where the clients before this one have put a key. @type {Map<string, {partition: number, name: string}>} */
  const placed = new Map()
  for (const { name, produce } of clients) {
    if (!produce) continue
    const topic = `partitioning-${name}`
    if (!reader?.read) {
      report.skip(topic, 'librdkafka, which reads it, is missing')
      continue
    }
    if (!(await createTopic(topic, partitions))) continue
    await report.check(`${topic}: keys are where Java puts them, together and in order`, async () => {
      const file = join(folder, `${topic}.tsv`)
      const keyOf = (/** @type {number} */ index) => `key-${index % keyCount}`
      writeBlock(
        file,
        Array.from({ length: recordCount }, (_, index) => recordLine(keyOf(index), String(index))),
      )
      await produce({ bootstrap, topic, codec: 'none', partition: -1, file })

      const nextOffset = Array.from({ length: partitions }, () => 0)
      /** @type {Map<string, {partition: number, last: number}>} */
      const byKey = new Map()
      const counts = nextOffset.slice()
      await reader.read?.({
        bootstrap,
        topic,
        partitions,
        count: recordCount,
        onRecord: ({ partition, offset, line }) => {
          const [, key = '', value = ''] = line.split('\t')
          expect(offset === nextOffset[partition], `partition ${partition} jumps to offset ${offset}`)
          nextOffset[partition] = offset + 1
          counts[partition] = (counts[partition] ?? 0) + 1
          const before = byKey.get(key)
          expect(before === undefined || before.partition === partition, `${key} is in two partitions`)
          expect(before === undefined || before.last < Number(value), `${key} is out of order at ${value}`)
          byKey.set(key, { partition, last: Number(value) })
          const other = placed.get(key)
          expect(
            other === undefined || other.partition === partition,
            `${key} is in partition ${partition}, and ${other?.name} puts it into ${other?.partition}`,
          )
        },
      })
      const total = counts.reduce((sum, count) => sum + count, 0)
      expect(total === recordCount, `${total} of ${recordCount} records`)
      for (const [key, { partition }] of byKey) placed.set(key, { partition, name })
      return counts.join(' + ')
    })
  }
}
