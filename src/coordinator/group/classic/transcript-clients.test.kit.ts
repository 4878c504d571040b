/** Behind the name in a member id. */
const UUID_LENGTH = 36

export interface Client {
  readonly name: string
  memberId: string
  generationId: number
  idCount: number
}

/** The clients of a transcript, and short names for the ids that they are given: `m1#2` is the second one of m1. */
export class TranscriptClients {
  readonly #clients = new Map<string, Client>()
  readonly #byInstance = new Map<string, Client>()
  readonly #labels = new Map<string, string>()

  named(name: string): Client {
    const known = this.#clients.get(name)
    if (known !== undefined) return known
    const client = { name, memberId: '', generationId: -1, idCount: 0 }
    this.#clients.set(name, client)
    return client
  }

  setInstance(groupInstanceId: string, client: Client): void {
    this.#byInstance.set(groupInstanceId, client)
  }

  /** Of `m1#1`; `none` is no id, and what nobody was given is an id that nobody knows. */
  idOf(label: string): string {
    if (label === 'none') return ''
    for (const [id, known] of this.#labels) if (known === label) return id
    return label
  }

  labelOf(memberId: string): string {
    if (memberId === '') return 'none'
    const known = this.#labels.get(memberId)
    if (known !== undefined) return known
    const name = memberId.slice(0, -UUID_LENGTH - 1)
    const client = this.#clients.get(name) ?? this.#byInstance.get(name)
    if (client === undefined) return memberId
    const label = `${client.name}#${++client.idCount}`
    this.#labels.set(memberId, label)
    return label
  }
}
