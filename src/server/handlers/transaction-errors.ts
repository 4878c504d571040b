/** What a fenced producer is told by a coordinator: older clients know only the word of the logs. */
import { ErrorCode } from '../../protocol/error-codes.ts'

export function fencedError(errorCode: number, knowsFenced: boolean): number {
  return errorCode === ErrorCode.PRODUCER_FENCED && !knowsFenced
    ? ErrorCode.INVALID_PRODUCER_EPOCH
    : errorCode
}
