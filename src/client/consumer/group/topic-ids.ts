/** The ids of the topics of one request, by which newer versions of some APIs name them: all are known, or none counts. */
import { ZERO_UUID } from '../../../wire/text.ts'

export class TopicIds {
  readonly #ids = new Map<string, string>()
  readonly #names = new Map<string, string>()
  readonly areKnown: boolean

  constructor(topics: Iterable<string>, idOf: (topic: string) => string | undefined) {
    let areKnown = true
    for (const topic of new Set(topics)) {
      const id = idOf(topic)
      if (id === undefined || id === ZERO_UUID) areKnown = false
      else {
        this.#ids.set(topic, id)
        this.#names.set(id, topic)
      }
    }
    this.areKnown = areKnown
  }

  idOf(topic: string): string | undefined {
    return this.#ids.get(topic)
  }

  nameOf(topicId: string): string | undefined {
    return this.#names.get(topicId)
  }
}
