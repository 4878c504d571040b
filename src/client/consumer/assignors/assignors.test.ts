import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { crc32 } from '../../../wire/crc32c.ts'
import type { PartitionAssignor } from './assignor.ts'
import { assignmentText, inputFor, randomGroup } from './assignors.test.kit.ts'
import { assignorsOf } from './kafka-assignors.ts'

/** A line for each seed, from 1 on: checksums of what Kafka's assignors gave, in this order. */
const NAMES = ['range', 'roundrobin', 'sticky', 'cooperative-sticky'] as const
const path = fileURLToPath(new URL('../../../../test/fixtures/assignors/assignments.txt', import.meta.url))
const lines = readFileSync(path, 'utf8').trim().split('\n')

for (const [index, name] of NAMES.entries()) {
  test(`${name} assigns ${lines.length} random groups as Kafka's own does`, () => {
    for (const [at, line] of lines.entries()) {
      const seed = at + 1
      const [assignor] = assignorsOf([name]) as [PartitionAssignor]
      const text = assignmentText(assignor.assign(inputFor(name, randomGroup(seed))))
      const checksum = crc32(Buffer.from(text)).toString(16).padStart(8, '0')
      assert.equal(
        checksum,
        line.split(' ')[index],
        `seed ${seed} (java ... Assignments.java ${seed} prints Kafka's):\n${text}`,
      )
    }
  })
}
