/** Which topics' metadata someone wants kept fresh, as a set that is replaced as a whole. */
import type { Cluster } from '../network/cluster.ts'

export class TopicInterest {
  readonly #cluster: Cluster
  #topics: ReadonlySet<string> = new Set()
  #wantsAll = false

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  replace(topics: Iterable<string>, wantsAll = false): void {
    const former = this.#topics
    this.#topics = new Set(topics)
    for (const topic of this.#topics) if (!former.has(topic)) this.#cluster.want(topic)
    for (const topic of former) if (!this.#topics.has(topic)) this.#cluster.unwant(topic)
    if (wantsAll && !this.#wantsAll) this.#cluster.wantAll()
    if (!wantsAll && this.#wantsAll) this.#cluster.unwantAll()
    this.#wantsAll = wantsAll
  }
}
