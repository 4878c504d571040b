/**
 * Regular expressions as Kafka's tools take them for topics: the whole name matches, and a comma means "or" as `|` does.
 */
import { UsageError } from './command.ts'

export type TopicFilter = (topic: string) => boolean

/** Rejects with UsageError. Few commands are given a pattern, so what reads them is loaded here. */
export async function topicFilter(pattern: string): Promise<TopicFilter> {
  const { RE2JS } = await import('re2js')
  const alternatives = pattern.trim().replaceAll(',', '|').replaceAll('"', '').replaceAll("'", '')
  try {
    const compiled = RE2JS.compile(alternatives)
    return (topic) => compiled.matches(topic)
  } catch {
    throw new UsageError(`${pattern} is an invalid regex.`)
  }
}
