/** A group of the classic protocol: its members lead each other through rebalances, the coordinator keeps the gate. */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { Committer, Group, OffsetExpiryBase } from '../group.ts'

export class ClassicGroup implements Group {
  readonly groupId: string
  readonly type = 'classic'
  protocolType = ''

  constructor(groupId: string) {
    this.groupId = groupId
  }

  get stateName(): string {
    return 'Empty'
  }

  validateOffsetCommit(committer: Committer): number {
    return committer.generationIdOrMemberEpoch < 0 ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID
  }

  validateOffsetFetch(): number {
    return ErrorCode.NONE
  }

  validateOffsetDelete(): number {
    return ErrorCode.NONE
  }

  validateDelete(): number {
    return ErrorCode.NONE
  }

  isSubscribedTo(): boolean {
    return false
  }

  get offsetExpiryBase(): OffsetExpiryBase {
    return { kind: 'commit' }
  }

  onOffsetCommitted(): void {}
}
