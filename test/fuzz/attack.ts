/**
 * Sends mutants over many connections at once. Every frame follows from the seed and its number alone, so a run can be
 * repeated from any number on, whatever the order in which the connections got to it.
 *
 * A connection gets a few frames in one write and then a question with a sound frame; it is done when that one is
 * answered, when the broker has closed it, or after a while: a mutant may be a legal request that takes its time.
 */
import { RandomValues } from '../../src/protocol/random-values.testing.ts'
import { ordersManyPartitions } from './appetite.ts'
import { Connection } from './connection.ts'
import { type Frame, requestFrame } from './frames.ts'
import { mutate } from './mutate.ts'

const FRAMES_PER_CONNECTION_MAX = 3
const PATIENCE_MS = 150
const LAST_QUESTION = 0x5eed5eed

export interface AttackOptions {
  readonly host: string
  readonly port: number
  readonly corpus: readonly Frame[]
  readonly seed: number
  readonly firstFrame: number
  readonly frames: number
  readonly connections: number
}

export interface AttackTally {
  sent: number
  connections: number
  responses: number
  closedByBroker: number
  /** Questions behind the mutants that were answered on the same connection. */
  survived: number
  refusedConnections: number
  /** What a broker must never send. */
  faults: string[]
}

/** Runs to the end, or until `isStopped` says so. The tally is live: it can be watched meanwhile. */
export async function attack(
  options: AttackOptions,
  tally: AttackTally,
  isStopped: () => boolean,
): Promise<void> {
  let next = options.firstFrame
  const end = options.firstFrame + options.frames
  const take = (): number[] => {
    const count = Math.min(
      end - next,
      1 + ((Math.imul(next + 1, 0x9e3779b1) >>> 16) % FRAMES_PER_CONNECTION_MAX),
    )
    const numbers = Array.from({ length: count }, (_, index) => next + index)
    next += count
    return numbers
  }
  const worker = async (): Promise<void> => {
    while (next < end && !isStopped()) await oneConnection(options, take(), tally)
  }
  await Promise.all(Array.from({ length: options.connections }, worker))
}

export function newTally(): AttackTally {
  return {
    sent: 0,
    connections: 0,
    responses: 0,
    closedByBroker: 0,
    survived: 0,
    refusedConnections: 0,
    faults: [],
  }
}

async function oneConnection(
  options: AttackOptions,
  numbers: readonly number[],
  tally: AttackTally,
): Promise<void> {
  let answered = (): void => {}
  const survived = new Promise<'survived'>((resolve) => {
    answered = () => resolve('survived')
  })
  const connection = new Connection(options, (correlationId) => {
    if (correlationId === LAST_QUESTION) answered()
  })
  if (!(await connection.connected)) {
    tally.refusedConnections++
    await new Promise((resolve) => setTimeout(resolve, 20))
    return
  }
  tally.connections++
  const parts: Buffer[] = []
  let isFramed = true
  for (const number of numbers) {
    const random = new RandomValues(Math.imul(options.seed, 0x85ebca6b) ^ number)
    const frame = options.corpus[random.below(options.corpus.length)]!
    const mutant = mutate(frame, options.corpus, random)
    if (ordersManyPartitions(mutant.bytes)) continue
    parts.push(mutant.bytes)
    isFramed &&= mutant.isFramed
  }
  parts.push(lastQuestion)
  tally.sent += numbers.length
  connection.send(Buffer.concat(parts))
  // Behind a size that lies, the broker waits for bytes that never come: it is told that there are none.
  if (!isFramed) connection.end()

  let timer: NodeJS.Timeout | undefined
  const outcome = await Promise.race([
    survived,
    connection.closed.then(() => 'closed' as const),
    new Promise<'pending'>((resolve) => {
      timer = setTimeout(() => resolve('pending'), PATIENCE_MS)
    }),
  ])
  clearTimeout(timer)
  if (outcome === 'survived') tally.survived++
  else if (outcome === 'closed') tally.closedByBroker++
  if (numbers[0]! % 2 === 0) connection.destroy()
  else connection.reset()
  tally.responses += connection.responses
  if (connection.fault !== undefined) {
    tally.faults.push(`frames ${numbers[0]} to ${numbers.at(-1)}: ${connection.fault}`)
  }
}

const lastQuestion = withSize(requestFrame({ apiKey: 18, apiVersion: 0 }, LAST_QUESTION, {}))

function withSize(frame: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(frame.length)
  return Buffer.concat([size, frame])
}
