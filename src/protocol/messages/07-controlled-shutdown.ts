/**
 * ControlledShutdown: a broker of ZooKeeper mode asks the controller to move its leaderships away before it stops.
 * The header of version 0 has no client id. Version 2 adds the broker epoch (KIP-380), 3 is flexible.
 * Errors: NOT_CONTROLLER, STALE_BROKER_EPOCH, BROKER_NOT_AVAILABLE.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, message, string, struct } from '../schema.ts'

export const ControlledShutdownRequest = message(
  'ControlledShutdownRequest',
  7,
  { versions: '0-3', flexible: '3+' },
  {
    brokerId: int32(),
    brokerEpoch: int64('2+', { default: -1, ignorable: true }),
  },
)
export type ControlledShutdownRequest = Infer<typeof ControlledShutdownRequest>

export const ControlledShutdownResponse = message(
  'ControlledShutdownResponse',
  7,
  { versions: '0-3', flexible: '3+' },
  {
    errorCode: int16(),
    remainingPartitions: array(
      struct({
        topicName: string({ mapKey: true }),
        partitionIndex: int32({ mapKey: true }),
      }),
    ),
  },
)
export type ControlledShutdownResponse = Infer<typeof ControlledShutdownResponse>
