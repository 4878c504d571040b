/** What one clean read and wrote, and the lines in which Apache Kafka prints it. */

/** Plain numbers: they travel between threads. Times are on one monotonic clock. */
export interface CleanerStats {
  readonly startMs: number
  indexedMs: number
  endMs: number
  /** While the offset map was built. */
  mapBytesRead: number
  mapMessagesRead: number
  bytesRead: number
  bytesWritten: number
  messagesRead: number
  messagesWritten: number
  /** Records without a key: a compacted log can't keep them. */
  invalidMessagesRead: number
  /** Used part of the offset map, 0 to 1. */
  bufferUtilization: number
}

export function startedStats(startMs: number): CleanerStats {
  return {
    startMs,
    indexedMs: startMs,
    endMs: startMs,
    mapBytesRead: 0,
    mapMessagesRead: 0,
    bytesRead: 0,
    bytesWritten: 0,
    messagesRead: 0,
    messagesWritten: 0,
    invalidMessagesRead: 0,
    bufferUtilization: 0,
  }
}

/** `section` is the dirty part that was cleaned. */
export function describeStats(
  stats: CleanerStats,
  cleaned: { readonly threadId: number; readonly name: string; readonly from: number; readonly to: number },
): string {
  const totalSeconds = (stats.endMs - stats.startMs) / 1000
  const indexSeconds = (stats.indexedMs - stats.startMs) / 1000
  const cleanSeconds = totalSeconds - indexSeconds
  const read = megabytes(stats.bytesRead)
  const indexed = megabytes(stats.mapBytesRead)
  const lines = [
    '',
    `Log cleaner thread ${cleaned.threadId} cleaned log ${cleaned.name} (dirty section = [${cleaned.from}, ${cleaned.to}])`,
    `${grouped(read)} MB of log processed in ${grouped(totalSeconds)} seconds (${grouped(read / totalSeconds)} MB/sec).`,
    `Indexed ${grouped(indexed)} MB in ${plain(indexSeconds)} seconds (${grouped(indexed / indexSeconds)} Mb/sec, ${percent(indexSeconds / totalSeconds)} of total time)`,
    `Buffer utilization: ${percent(stats.bufferUtilization)}`,
    `Cleaned ${grouped(read)} MB in ${plain(cleanSeconds)} seconds (${grouped(read / cleanSeconds)} Mb/sec, ${percent(cleanSeconds / totalSeconds)} of total time)`,
    `Start size: ${grouped(read)} MB (${count(stats.messagesRead)} messages)`,
    `End size: ${grouped(megabytes(stats.bytesWritten))} MB (${count(stats.messagesWritten)} messages)`,
    `${percent(1 - stats.bytesWritten / stats.bytesRead)} size reduction (${percent(1 - stats.messagesWritten / stats.messagesRead)} fewer messages)`,
  ]
  return lines.join('\n\t')
}

function megabytes(bytes: number): number {
  return bytes / (1024 * 1024)
}

/** One decimal; Java prints the two numbers that are none by name. */
function plain(value: number): string {
  return Number.isFinite(value) ? value.toFixed(1) : String(value)
}

function grouped(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const [whole = '', fraction = ''] = value.toFixed(1).split('.')
  return `${withCommas(whole)}.${fraction}`
}

function percent(ratio: number): string {
  return `${plain(100 * ratio)}%`
}

function count(value: number): string {
  return withCommas(String(value))
}

function withCommas(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',')
}
