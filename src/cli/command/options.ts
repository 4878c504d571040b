/** Small things that several commands need for their options. */
import { UsageError } from './command.ts'

/** For commander: an option that may be repeated gives a list. */
export function collect(value: string, previous: readonly string[]): readonly string[] {
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
