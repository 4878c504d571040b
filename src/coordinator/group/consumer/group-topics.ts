/**
 * Keeps what consumer groups know of their topics in step with the cluster: which topics their regular expressions stand
 * for, and how many partitions the topics have. A group is looked at when a member of it is heard of; a difference is
 * written, and makes the group rebalance.
 *
 * Expressions over few topics are matched at once, so that a new member has its partitions with the first answer. More
 * than that is done in portions between other work, and for topics that come and go no oftener than every ten seconds.
 * Nothing here is in the log: after a load every group is looked at anew.
 */
import type { Logger } from '../../../base/logger.ts'
import type { ShardContext } from '../../runtime/coordinator-shard.ts'
import type { TimerOutcome } from '../../runtime/shard-timers.ts'
import type { GroupRegistry } from '../group-registry.ts'
import type { ClusterTopics } from './cluster-topics.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { haveSameNames } from './consumer-group-member.ts'
import { GroupDraft } from './group-draft.ts'
import { compileTopicRegex, RegexMatching } from './topic-regex.ts'

/** About one or two milliseconds; some ten at worst. */
const STEPS_AT_ONCE = 300_000
const REFRESH_INTERVAL_MS = 10_000
const NEVER = -1

interface Watch {
  /** Of ClusterTopics: at this version nothing differed. */
  seenVersion: number
  regexVersion: number
  nextRefreshMs: number
  matching: { readonly work: RegexMatching; readonly version: number } | undefined
}

export class GroupTopics {
  readonly #context: ShardContext
  readonly #groups: GroupRegistry
  readonly #topics: ClusterTopics
  readonly #logger: Logger
  readonly #watches = new Map<string, Watch>()

  constructor(context: ShardContext, groups: GroupRegistry, topics: ClusterTopics) {
    this.#context = context
    this.#groups = groups
    this.#topics = topics
    this.#logger = context.logger
  }

  /** @returns whether the topics of the group have changed: it is to rebalance. */
  refresh(draft: GroupDraft, { isResubscribed }: { isResubscribed: boolean }): boolean {
    const watch = this.#watch(draft.group.groupId)
    const { version } = this.#topics
    if (isResubscribed) watch.seenVersion = NEVER
    else if (watch.seenVersion === version) return false
    const isResolved = this.#resolveRegexes(draft, watch)
    const isChanged = draft.refreshSubscriptionMetadata(this.#topics) || isResolved === 'changed'
    // What is written now may yet be refused by the log: only a look that found no difference counts.
    if (!isChanged && isResolved === 'current') watch.seenVersion = version
    return isChanged
  }

  /** The group is no more. */
  forget(groupId: string): void {
    if (!this.#watches.delete(groupId)) return
    this.#context.timers.cancel(timerName(groupId))
  }

  #watch(groupId: string): Watch {
    const known = this.#watches.get(groupId)
    if (known !== undefined) return known
    const watch = { seenVersion: NEVER, regexVersion: NEVER, nextRefreshMs: 0, matching: undefined }
    this.#watches.set(groupId, watch)
    return watch
  }

  #resolveRegexes(draft: GroupDraft, watch: Watch): 'current' | 'changed' | 'later' {
    const { version } = this.#topics
    const used = usedRegexes(draft.group)
    const unresolved = [...used].filter((regex) => !draft.group.regexes.has(regex))
    const isOutdated = watch.regexVersion !== version && used.size > 0
    if (unresolved.length === 0 && !isOutdated) return 'current'
    const isTooSoon = this.#context.clock.monotonicMs() < watch.nextRefreshMs
    if (watch.matching !== undefined || (unresolved.length === 0 && isTooSoon)) return 'later'
    const work = this.#matchingOf(isOutdated ? used : unresolved)
    if (work.advance(STEPS_AT_ONCE)) return this.#take(draft, watch, { work, version })
    watch.matching = { work, version }
    this.#continueLater(draft.group.groupId, watch)
    return 'later'
  }

  #matchingOf(texts: Iterable<string>): RegexMatching {
    const regexes = [...texts].flatMap((text) => {
      const regex = compileTopicRegex(text)
      if (typeof regex !== 'string') return regex
      // Out of a log: heartbeats with such an expression are refused.
      this.#logger.warn(`The regular expression \`${text}\` stands for no topics: ${regex}`)
      return { text, size: 0, matches: () => false }
    })
    return new RegexMatching(regexes, [...this.#topics.names()])
  }

  #continueLater(groupId: string, watch: Watch): void {
    this.#context.timers.schedule(timerName(groupId), 0, () => this.#continue(groupId, watch))
  }

  #continue(groupId: string, watch: Watch): TimerOutcome {
    const { matching } = watch
    const group = this.#groups.get(groupId)
    if (matching === undefined || !(group instanceof ConsumerGroup)) return undefined
    if (!matching.work.advance(STEPS_AT_ONCE)) {
      this.#continueLater(groupId, watch)
      return undefined
    }
    watch.matching = undefined
    watch.nextRefreshMs = this.#context.clock.monotonicMs() + REFRESH_INTERVAL_MS
    const draft = new GroupDraft(group)
    if (this.#take(draft, watch, matching) !== 'changed') return undefined
    draft.refreshSubscriptionMetadata(this.#topics)
    draft.bumpGroupEpoch()
    return { records: draft.records(), response: undefined }
  }

  #take(
    draft: GroupDraft,
    watch: Watch,
    { work, version }: { work: RegexMatching; version: number },
  ): 'current' | 'changed' {
    const used = usedRegexes(draft.group)
    const timestampMs = this.#context.clock.nowMs()
    let isChanged = false
    for (const [regex, topics] of work.result()) {
      const known = draft.group.regexes.get(regex)
      if (!used.has(regex) || (known !== undefined && haveSameNames(known.topics, topics))) continue
      draft.emit({ kind: 'regex', regex, resolved: { topics, timestampMs } })
      isChanged = true
    }
    if (isChanged) return 'changed'
    watch.regexVersion = version
    return 'current'
  }
}

function usedRegexes(group: ConsumerGroup): Set<string> {
  const regexes = new Set<string>()
  for (const { metadata } of group.members.values()) {
    if (metadata.subscribedTopicRegex !== '') regexes.add(metadata.subscribedTopicRegex)
  }
  return regexes
}

function timerName(groupId: string): string {
  return `consumer-regexes-${groupId}`
}
