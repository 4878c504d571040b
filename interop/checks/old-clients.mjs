/**
 * Clients of the years before record batches: kafka-python told to speak Kafka 0.8.2, 0.9, 0.10 and 0.11. The
 * first three write message sets of magic 0 and 1 and must get them back from a log that stores batches, with
 * batches of a new client in between; headers are what they lose.
 */
import { join } from 'node:path'
import { kafkaPython } from '../clients/index.mjs'
import { codecs, recordLine, writeBlock } from '../lib/records.mjs'
import { expect } from '../lib/report.mjs'

const releases = ['0.8.2', '0.9', '0.10', '0.11']
const smallCount = 500

/** @param {import('../lib/context.mjs').Context} context */
export async function checkOldClients({ report, clients, bootstrap, brokerKind, folder, createTopic }) {
  const librdkafka = clients.find(({ name }) => name === 'librdkafka')
  for (const release of releases) {
    const old = await kafkaPython(release)
    if (old.missing || brokerKind === 'apache-4.1' || !old.produce || !old.read) {
      report.skip(old.name, old.missing ?? 'Apache Kafka 4.x no longer answers its versions')
      continue
    }
    for (const codec of codecs) {
      const reason = old.cannot[codec]
      if (reason) {
        report.skip(`${old.name}, ${codec}`, reason)
        continue
      }
      const topic = `old-${release}-${codec}`
      if (!(await createTopic(topic, 1))) continue
      // Before 0.10 a message had no time. The key of the first record says who wrote it.
      const timed = release !== '0.8.2' && release !== '0.9'
      const lines = [
        recordLine('first', `of ${release}`),
        recordLine('tombstone', null),
        recordLine('empty', ''),
      ]
      for (let index = 0; index < smallCount; index++) {
        lines.push(recordLine(index % 2 ? `key-${index}` : null, `small ${index} of ${release}`))
      }
      const file = join(folder, `${topic}.tsv`)
      writeBlock(file, lines)
      const fromMs = Date.now()
      let expected = lines

      await report.check(`${topic}: ${old.name} writes`, async () => {
        await old.produce?.({ bootstrap, topic, codec, partition: 0, file })
        return `${lines.length} records`
      })
      if (librdkafka?.produce) {
        await report.check(`${topic}: librdkafka adds record batches`, () =>
          librdkafka.produce?.({ bootstrap, topic, codec, partition: 0, file }),
        )
        expected = [...lines, ...lines]
      }
      for (const reader of librdkafka ? [old, librdkafka] : [old]) {
        await report.check(`${topic}: ${reader.name} reads`, async () => {
          let count = 0
          await reader.read?.({
            bootstrap,
            topic,
            partitions: 1,
            count: expected.length,
            onRecord: ({ offset, line, timestampMs }) => {
              expect(offset === count, `offset ${offset} where ${count} was next`)
              expect(line === expected[count], `offset ${offset} is "${line}", not "${expected[count]}"`)
              const untimed = !timed && (reader === old || offset < lines.length)
              expect(
                untimed ? timestampMs === -1 : timestampMs >= fromMs && timestampMs <= Date.now(),
                `offset ${offset} is stamped ${timestampMs}`,
              )
              count++
            },
          })
          expect(count === expected.length, `${count} of ${expected.length} records`)
        })
      }
    }
  }
}
