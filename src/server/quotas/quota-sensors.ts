/**
 * What those who share a quota have used, by their name. Whoever uses nothing for an hour is forgotten, as in Kafka.
 * There are no more than SENSORS_MAX: anyone may call himself what he likes, and where each new name makes another,
 * those that have been quiet the longest are forgotten sooner. For the same reason long names are kept as their hashes.
 */
import { createHash } from 'node:crypto'

const EXPIRATION_MS = 60 * 60 * 1000
const SENSORS_MAX = 10_000
const NAME_LENGTH_MAX = 256

interface Entry<Sensor> {
  readonly sensor: Sensor
  usedMs: number
}

export class QuotaSensors<Sensor> {
  readonly #create: () => Sensor
  readonly #sensorsMax: number
  /** The longest unused first. */
  readonly #entries = new Map<string, Entry<Sensor>>()

  constructor(create: () => Sensor, sensorsMax = SENSORS_MAX) {
    this.#create = create
    this.#sensorsMax = sensorsMax
  }

  get size(): number {
    return this.#entries.size
  }

  of(sharers: string, nowMs: number): Sensor {
    const name =
      sharers.length <= NAME_LENGTH_MAX ? sharers : createHash('sha256').update(sharers).digest('base64')
    const entry = this.#entries.get(name) ?? { sensor: this.#create(), usedMs: nowMs }
    entry.usedMs = nowMs
    this.#entries.delete(name)
    this.#entries.set(name, entry)
    for (const [quietest, { usedMs }] of this.#entries) {
      if (this.#entries.size <= this.#sensorsMax && nowMs - usedMs < EXPIRATION_MS) break
      this.#entries.delete(quietest)
    }
    return entry.sensor
  }
}
