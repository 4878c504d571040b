/** What is told of an error: one line that says what is wrong, in Kafka's words where it has them. */
import { CommanderError } from 'commander'
import { DiskError } from '../../base/disk.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { inSources } from '../../os/source-positions.ts'
import { UsageError } from './command.ts'

/** Names of errors that only a bug throws. */
const bugs = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AssertionError'])

export function problemOf(error: unknown): string {
  if (error instanceof CommanderError) return commanderProblem(error)
  if (error instanceof UsageError || error instanceof DiskError) return error.message
  if (error instanceof KafkaError) return kafkaProblem(error)
  if (error instanceof Error)
    return bugs.has(error.name) ? inSources(error.stack ?? error.message) : oneLine(error.message)
  return String(error)
}

/** As Kafka's tools tell of an error of the broker: by the broker's reason alone. Bugs are thrown on. */
export async function prefixingProblems<Result>(
  prefix: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${prefix}${error.message}`)
    if (error instanceof KafkaError && error.code !== 'CLOSED')
      throw new UsageError(`${prefix}${reasonOf(error)}`)
    throw error
  }
}

/** What the broker gave as the reason, or the client; without what was asked. */
export function reasonOf(error: KafkaError): string {
  const details = [...(error.details?.values() ?? [])]
  const reasons = (details.length > 0 ? details : [error]).map(({ reason, message }) => reason ?? message)
  return oneLine([...new Set(reasons)].join('; '))
}

/** Of several things that failed, each has its reason; together they stay one line. */
function kafkaProblem(error: KafkaError): string {
  const reasons = [...(error.details ?? [])].map(([name, detail]) => `${name}: ${detail.message}`)
  return oneLine(reasons.length > 0 ? reasons.join('; ') : error.message)
}

function commanderProblem(error: CommanderError): string {
  const [, option = ''] = /'(?:-\w, )?-{0,2}([^' <[]+)/.exec(error.message) ?? []
  switch (error.code) {
    case 'commander.unknownOption':
      return `${option} is not a recognized option`
    case 'commander.optionMissingArgument':
      return `Option ${option} requires an argument`
    case 'commander.missingMandatoryOptionValue':
      return `Missing required argument "[${option}]"`
    default:
      return oneLine(error.message.replace(/^error: /, ''))
  }
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ')
}
