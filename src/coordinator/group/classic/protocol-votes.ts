/**
 * Which protocol a group is to speak: one that every member knows, and of those the one that most like best. How many
 * members know a protocol is counted as they come and go.
 */
import { assert } from '../../../base/assert.ts'
import type { ClassicMember, MemberProtocol } from './classic-member.ts'

export class ProtocolVotes {
  /** Members by the name of a protocol that they know. */
  readonly #memberCounts = new Map<string, number>()

  add(member: ClassicMember): void {
    this.#count(member, 1)
  }

  /** Before the member's protocols change. */
  remove(member: ClassicMember): void {
    this.#count(member, -1)
  }

  #count({ protocols }: ClassicMember, by: 1 | -1): void {
    for (const { name } of protocols) {
      const count = (this.#memberCounts.get(name) ?? 0) + by
      if (count === 0) this.#memberCounts.delete(name)
      else this.#memberCounts.set(name, count)
    }
  }

  /** Whether all of so many members know one of these. */
  isCommon(protocols: readonly MemberProtocol[], memberCount: number): boolean {
    return protocols.some(({ name }) => (this.#memberCounts.get(name) ?? 0) === memberCount)
  }

  /** The members are all that were added, one at least; of two with the same votes the first voted for wins. */
  select(members: readonly ClassicMember[]): string {
    const candidates = new Set<string>()
    for (const [name, count] of this.#memberCounts) if (count === members.length) candidates.add(name)
    const votes = new Map<string, number>()
    for (const member of members) {
      const vote = member.vote(candidates)
      assert(vote !== undefined, `${member.memberId} knows no protocol that all members know`)
      votes.set(vote, (votes.get(vote) ?? 0) + 1)
    }
    const [winner] = [...votes].reduce((best, next) => (next[1] > best[1] ? next : best))
    return winner
  }
}
