/**
 * Regular expressions as Kafka's tools take them for topics: the whole name matches, and a comma means "or" as `|` does.
 */
import { RE2JS } from 're2js'
import { UsageError } from './command.ts'

export type TopicFilter = (topic: string) => boolean

/** Throws UsageError. */
export function topicFilter(pattern: string): TopicFilter {
  const alternatives = pattern.trim().replaceAll(',', '|').replaceAll('"', '').replaceAll("'", '')
  try {
    const compiled = RE2JS.compile(alternatives)
    return (topic) => compiled.matches(topic)
  } catch {
    throw new UsageError(`${pattern} is an invalid regex.`)
  }
}
