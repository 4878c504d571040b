/**
 * What became of records that were handed to a log. The outcome of `stageAs...` is final when it carries an error;
 * otherwise it stands for a promise that the commit at the end of the tick keeps, or breaks by writing an error
 * into it.
 */
import { ErrorCode } from '../protocol/error-codes.ts'

/** Coordinators may write control batches and are not held to the limits for clients. */
export type AppendOrigin = 'client' | 'coordinator'

export interface RecordError {
  readonly batchIndex: number
  readonly message: string | null
}

/** Mutable on purpose: one object goes from staging to the response. */
export interface AppendOutcome {
  /** Kafka's code; 0 for success. */
  errorCode: number
  errorMessage: string | null
  recordErrors: readonly RecordError[]
  /** Offset of the first record, of the earlier append if this one is a duplicate; -1 with an error. */
  firstOffset: number
  lastOffset: number
  /** -1 where the topic keeps the producer's timestamps. */
  logAppendTimeMs: number
  logStartOffset: number
  /** An idempotent producer's retry of a batch that the log holds already: nothing was staged. */
  duplicate: boolean
}

export interface CommitOutcome {
  readonly errorCode: number
}

const NO_RECORD_ERRORS: readonly RecordError[] = []
export const COMMITTED: CommitOutcome = { errorCode: ErrorCode.NONE }

export function appendFailure(
  errorCode: number,
  errorMessage: string | null,
  logStartOffset: number,
): AppendOutcome {
  return {
    errorCode,
    errorMessage,
    recordErrors: NO_RECORD_ERRORS,
    firstOffset: -1,
    lastOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset,
    duplicate: false,
  }
}

export function appendSuccess(
  firstOffset: number,
  lastOffset: number,
  logStartOffset: number,
): AppendOutcome {
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    recordErrors: NO_RECORD_ERRORS,
    firstOffset,
    lastOffset,
    logAppendTimeMs: -1,
    logStartOffset,
    duplicate: false,
  }
}
