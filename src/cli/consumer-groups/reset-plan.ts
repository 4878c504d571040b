/**
 * Plans for offsets as CSV, which `--export` writes and `--from-file` reads: `topic,partition,offset` for one group,
 * `group,topic,partition,offset` for several. Cells with a comma or a quote stand in quotes.
 */
import { UsageError } from '../command/command.ts'
import type { Target } from './reset-targets.ts'

/** Lines without a group are `singleGroup`'s. Throws UsageError. */
export function planOfFile(text: string, singleGroup: string | undefined): Map<string, Target[]> {
  const plan = new Map<string, Target[]>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const cells = cellsOf(line)
    if (cells.length === 3 && singleGroup !== undefined) cells.unshift(singleGroup)
    const [group, topic, partition, offset] = cells
    const isWhole = [partition, offset].every((cell) => cell !== undefined && /^\d+$/.test(cell))
    if (cells.length !== 4 || !group || !topic || !isWhole) {
      throw new UsageError(`Line ${index + 1} does not read as [group,]topic,partition,offset: ${line}`)
    }
    const targets = plan.get(group) ?? []
    targets.push({ topic, partition: Number(partition), offset: Number(offset) })
    plan.set(group, targets)
  }
  return plan
}

export function planToText(plan: ReadonlyMap<string, readonly Target[]>, isSingle: boolean): string {
  return [...plan]
    .flatMap(([group, targets]) =>
      targets.map(({ topic, partition, offset }) =>
        [...(isSingle ? [] : [quoted(group)]), quoted(topic), partition, offset].join(','),
      ),
    )
    .map((line) => `${line}\n`)
    .join('')
}

function cellsOf(line: string): string[] {
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), ([, inQuotes, plain]) =>
    inQuotes === undefined ? (plain ?? '').trim() : inQuotes.replaceAll('""', '"'),
  )
}

function quoted(cell: string): string {
  return /[",\s]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
