import type { Message } from '../protocol/schema.ts'
import type { Life, WireClient } from './sim-broker.test.kit.ts'

/**
 * A program on a connection of its own, written as an async function, within one life of the broker. When the broker
 * dies its calls are never answered, so the function stops where it is; what it must remember lies in objects outside.
 */
export class SimActor {
  readonly life: Life
  #client: WireClient
  #isGone = false

  constructor(life: Life) {
    this.life = life
    this.#client = life.connect()
  }

  call<A, D>(
    request: Message<unknown, A>,
    response: Message<D, unknown>,
    version: number,
    body: A,
  ): Promise<D> {
    return new Promise((resolve) => this.#client.send(request, response, version, body, resolve))
  }

  sleep(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.life.clock.after(durationMs, () => {
        if (!this.#isGone) resolve()
      })
    })
  }

  /** Leaves the connection as a crashed client does: what comes on it is not read any more. */
  reconnect(): void {
    this.#client = this.life.connect()
  }

  /** Never comes back from what it waits for. */
  abandon(): void {
    this.#isGone = true
  }

  poll(): void {
    if (!this.#isGone) this.#client.poll()
  }
}

/** Lets all programs of a life run until they are done, or the broker dies. */
export async function runActors(
  life: Life,
  programs: readonly ((actor: SimActor) => Promise<void>)[],
): Promise<void> {
  const actors = programs.map(() => new SimActor(life))
  let runningCount = programs.length
  let failure: unknown
  programs.forEach((program, i) => {
    program(actors[i]!).then(
      () => {
        runningCount -= 1
      },
      (error: unknown) => {
        failure ??= error
      },
    )
  })
  await life.until(() => {
    for (const actor of actors) actor.poll()
    return runningCount === 0 || failure !== undefined
  })
  for (const actor of actors) actor.abandon()
  if (failure !== undefined && !life.hasCrashed) throw failure
}
