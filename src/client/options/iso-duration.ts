/** Durations of ISO 8601, in which Kafka's consumers and tools take them. */
import { invalid } from './option.ts'

/** As Java's Duration reads it, in milliseconds: `P1DT2H3M4.5S`. Throws KafkaError (INVALID_CONFIG). */
export function parseIsoDuration(written: string, name: string): number {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,9})?)S)?)?$/i.exec(written)
  const [, days, hours, minutes, seconds] = match ?? []
  if ((days ?? hours ?? minutes ?? seconds) === undefined) {
    throw invalid(`${name}: ${JSON.stringify(written)} is no ISO 8601 duration, such as PT1H or P1DT12H`)
  }
  const sumSeconds =
    Number(days ?? 0) * 86_400 + Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)
  return Math.round(sumSeconds * 1000)
}
