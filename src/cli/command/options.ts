/** Small things that several commands need for their options. */
import { UsageError } from './command.ts'

/** For commander: an option that may be repeated gives a list. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}

/** Which of these options was given; undefined: none. Throws UsageError if there are several. */
export function onlyOne<Name extends string>(
  options: { readonly [name in Name]?: unknown },
  names: readonly Name[],
): Name | undefined {
  const [first, second] = names.filter((name) => options[name] !== undefined)
  if (first !== undefined && second !== undefined) {
    throw new UsageError(`Option "[${dashed(first)}]" can't be used with option "[${dashed(second)}]"`)
  }
  return first
}

/** The one action of a tool that was asked for. Throws UsageError in Kafka's words. */
export function onlyAction<Name extends string>(
  options: { readonly [name in Name]?: unknown },
  actions: readonly Name[],
): Name {
  const given = actions.filter((name) => options[name] !== undefined)
  if (given.length === 1) return given[0]!
  const words = actions.map((name) => `--${dashed(name)}`)
  throw new UsageError(
    `Command must include exactly one action: ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
  )
}

/** Of what an option does not go with, nothing may be given beside it. Throws UsageError in Kafka's words. */
export function refuseBeside<Name extends string>(
  options: { readonly [name in Name]?: unknown },
  option: Name,
  others: readonly Name[],
): void {
  const other = others.find((name) => options[name] !== undefined)
  if (options[option] !== undefined && other !== undefined)
    throw new UsageError(`Option "[${dashed(option)}]" can't be used with option "[${dashed(other)}]"`)
}

/** `resetOffsets`, as commander calls it, is `reset-offsets` for users. */
export function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Throws UsageError in Kafka's words. */
export function wholeNumber(text: string, option: string, min = Number.MIN_SAFE_INTEGER): number {
  const value = Number(text)
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
    throw new UsageError(`Cannot parse argument '${text}' of option ${option}`)
  }
  return value
}
