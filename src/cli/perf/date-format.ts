/** Times as java.text.SimpleDateFormat writes them, in the time zone of this machine. */
import { UsageError } from '../command/command.ts'

type Part = (date: Date) => number | string

const PARTS: Readonly<Record<string, Part>> = {
  y: (date) => date.getFullYear(),
  M: (date) => date.getMonth() + 1,
  d: (date) => date.getDate(),
  H: (date) => date.getHours(),
  k: (date) => date.getHours() || 24,
  h: (date) => date.getHours() % 12 || 12,
  K: (date) => date.getHours() % 12,
  m: (date) => date.getMinutes(),
  s: (date) => date.getSeconds(),
  S: (date) => date.getMilliseconds(),
  a: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  E: (date) => named(date, 'weekday'),
  Z: (date) => zone(date, ''),
  X: (date) => zone(date, ':'),
}

/** Throws UsageError. */
export function dateFormat(pattern: string): (timeMs: number) => string {
  const parts: ((date: Date) => string)[] = []
  // Text in quotes, two quotes for one, a letter repeated, or anything else.
  for (const [piece] of pattern.matchAll(/'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+/g)) {
    if (piece.startsWith("'")) {
      const text = piece === "''" ? "'" : piece.slice(1, -1).replaceAll("''", "'")
      parts.push(() => text)
    } else if (/[A-Za-z]/.test(piece)) parts.push(partOf(piece))
    else parts.push(() => piece)
  }
  return (timeMs) => {
    const date = new Date(timeMs)
    return parts.map((part) => part(date)).join('')
  }
}

function partOf(piece: string): (date: Date) => string {
  const letter = piece[0]!
  const part = Object.hasOwn(PARTS, letter) ? PARTS[letter] : undefined
  if (part === undefined) throw new UsageError(`Illegal pattern character '${letter}'`)
  if (letter === 'M' && piece.length > 2) return (date) => named(date, 'month', piece.length)
  if (letter === 'E') return (date) => named(date, 'weekday', piece.length)
  if (letter === 'y' && piece.length === 2) return (date) => String(date.getFullYear() % 100).padStart(2, '0')
  return (date) => String(part(date)).padStart(piece.length, '0')
}

function named(date: Date, what: 'month' | 'weekday', letters = 3): string {
  return date.toLocaleDateString('en-US', { [what]: letters > 3 ? 'long' : 'short' })
}

function zone(date: Date, between: string): string {
  const minutes = -date.getTimezoneOffset()
  const size = Math.abs(minutes)
  const [hours, rest] = [Math.floor(size / 60), size % 60].map((each) => String(each).padStart(2, '0'))
  return `${minutes < 0 ? '-' : '+'}${hours}${between}${rest}`
}
