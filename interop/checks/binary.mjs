/** Bytes that are no text: keys and values of all 256 byte values come back as they were, under each codec. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codecs, recordLine } from '../lib/records.mjs'
import { expect } from '../lib/report.mjs'

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))

/** @param {import('../lib/context.mjs').Context} context */
export async function checkBinary({ report, clients, bootstrap, folder, createTopic }) {
  const able = clients.filter((client) => client.takesBytes)
  const readers = able.filter((client) => client.read)
  const topic = 'binary'
  if (!(await createTopic(topic, 1))) return
  const file = join(folder, 'binary.tsv')
  const line = recordLine(allBytes.toString('hex'), Buffer.from(allBytes).reverse().toString('hex'))
  writeFileSync(file, `${line}\n`)

  let written = 0
  for (const client of able) {
    const { produce } = client
    const supported = codecs.filter((codec) => !client.cannot[codec])
    await report.check(`${topic}: ${client.name} writes`, async () => {
      for (const codec of supported)
        await produce?.({ bootstrap, topic, codec, partition: 0, file, hex: true })
      written += supported.length
    })
  }
  for (const { name, read } of readers) {
    await report.check(`${topic}: ${name} reads`, async () => {
      /** @type {string[]} */
      const lines = []
      await read?.({
        bootstrap,
        topic,
        partitions: 1,
        count: written,
        hex: true,
        onRecord: (record) => lines.push(record.line),
      })
      expect(lines.length === written, `${lines.length} of ${written} records`)
      const wrong = lines.findIndex((seen) => seen !== line)
      expect(wrong < 0, `the record at offset ${wrong} differs: ${lines[wrong]?.slice(0, 80)}`)
      return `${written} records`
    })
  }
}
