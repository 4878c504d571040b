/** Producing with librdkafka: sizes, partitions, compression, acknowledgements. */
import { atLeast, atMost, throughputFigures, writeCeilings } from './row.mjs'

const goalsBySize = {
  100: [atLeast('recordsPerSecond', 1.1), atMost('brokerCpuPerGb', 0.6)],
  1024: [atLeast('mbPerSecond', 1.2), atMost('brokerCpuPerGb', 0.5)],
}
const sizes = /** @type {const} */ ([1024, 100])

/** @type {import('./row.mjs').Row[]} */
export const produceRows = sizes.flatMap((bytes) =>
  ['none', 'lz4', 'zstd'].flatMap((codec) =>
    [1, 16, 100].flatMap((partitions) =>
      [1, -1].map((acks) => ({
        name: `produce-${bytes}-${partitions}p-${codec}-acks${acks}`,
        title: `produce, librdkafka, ${bytes} B, ${partitions} partition${partitions > 1 ? 's' : ''}, ${codec}, acks=${acks}`,
        family: `produce, librdkafka, ${bytes} B records`,
        // Compression is the client's work: those rows are for comparison.
        goals: codec === 'none' ? goalsBySize[bytes] : [],
        ...(codec === 'none' ? { ceilings: writeCeilings } : {}),
        measure: ({ contender, programs, seconds, bytesMax }) =>
          contender.withTopic(partitions, async (topic) => {
            const options = { port: contender.port, topic, partitions, bytes, seconds, maxBytes: bytesMax }
            const settings = [`acks=${acks}`, `compression.codec=${codec}`]
            const { result, brokerCpuSeconds } = await contender.measured(() =>
              programs.run('rdkafka-produce', options, settings),
            )
            return throughputFigures(result, brokerCpuSeconds)
          }),
      })),
    ),
  ),
)
