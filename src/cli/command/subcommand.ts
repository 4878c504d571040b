/** Tools whose first word says what to do: `kafka-features.sh describe`. */
import { UsageError } from './command.ts'

/** Throws UsageError. */
export function onlySubcommand<Name extends string>(rest: readonly string[], names: readonly Name[]): Name {
  const [word, ...others] = rest
  const name = names.find((each) => each === word)
  if (name === undefined) {
    throw new UsageError(
      word === undefined
        ? `One of these is required: ${names.join(', ')}`
        : `invalid choice: '${word}' (choose from ${names.map((each) => `'${each}'`).join(', ')})`,
    )
  }
  if (others.length > 0) throw new UsageError(`unrecognized arguments: '${others.join(' ')}'`)
  return name
}
