/**
 * The state of producers in one partition, as it stands in `.snapshot` files beside the log. The file begins with
 * an int16 version; crc is the CRC-32C of everything behind it.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, int64Rounded, payload, struct, uint32 } from '../schema.ts'

export const ProducerSnapshot = payload(
  'ProducerSnapshot',
  { versions: '1', flexible: 'none' },
  {
    crc: uint32('1'),
    producerEntries: array(
      struct({
        producerId: int64(),
        epoch: int16(),
        lastSequence: int32(),
        lastOffset: int64(),
        offsetDelta: int32(),
        timestamp: int64Rounded(),
        coordinatorEpoch: int32(),
        currentTxnFirstOffset: int64(),
      }),
      '1',
    ),
  },
)
export type ProducerSnapshot = Infer<typeof ProducerSnapshot>
