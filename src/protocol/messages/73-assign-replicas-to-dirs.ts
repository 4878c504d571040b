/**
 * AssignReplicasToDirs: a broker of KRaft mode tells the controller which directories hold its replicas (KIP-858).
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, message, struct, uuid } from '../schema.ts'

export const AssignReplicasToDirsRequest = message(
  'AssignReplicasToDirsRequest',
  73,
  { versions: '0', flexible: '0+' },
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    directories: array(
      struct({
        id: uuid(),
        topics: array(
          struct({
            topicId: uuid(),
            partitions: array(
              struct({
                partitionIndex: int32(),
              }),
            ),
          }),
        ),
      }),
    ),
  },
)
export type AssignReplicasToDirsRequest = Infer<typeof AssignReplicasToDirsRequest>

export const AssignReplicasToDirsResponse = message(
  'AssignReplicasToDirsResponse',
  73,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    directories: array(
      struct({
        id: uuid(),
        topics: array(
          struct({
            topicId: uuid(),
            partitions: array(
              struct({
                partitionIndex: int32(),
                errorCode: int16(),
              }),
            ),
          }),
        ),
      }),
    ),
  },
)
export type AssignReplicasToDirsResponse = Infer<typeof AssignReplicasToDirsResponse>
