/** Whether a request comes from who it says; one that is fenced is worth a line, since two clients share an instance id. */
import type { Logger } from '../../../base/logger.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ClassicGroup } from './classic-group.ts'

export interface Claim {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** `operation`: as Kafka calls it, `sync-group`. @returns an error code. */
export function validateMember(
  logger: Logger,
  group: ClassicGroup,
  { memberId, groupInstanceId }: Claim,
  operation: string,
): number {
  const errorCode = group.validateMember(memberId, groupInstanceId)
  if (errorCode === ErrorCode.FENCED_INSTANCE_ID) {
    logger.info(
      `Request memberId=${memberId} for static member with groupInstanceId=${groupInstanceId} is fenced by current ` +
        `memberId=${group.staticMember(groupInstanceId)?.memberId} during operation ${operation}`,
    )
  }
  return errorCode
}
