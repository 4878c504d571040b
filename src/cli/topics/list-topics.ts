/** kafka-topics.sh --list, and which topics an option means. */
import type { Admin } from '../../client/admin/admin.ts'
import type { TopicListing } from '../../client/admin/topic-descriptions.ts'
import { type CommandContext, UsageError } from '../command/command.ts'
import { topicFilter } from '../command/topic-patterns.ts'
import type { TopicsOptions } from './topics-command.ts'

export async function printTopics(
  admin: Admin,
  options: TopicsOptions,
  context: CommandContext,
): Promise<void> {
  const names = await topicNames(admin, { ...options, ifExists: true })
  await context.out(`${options.json ? JSON.stringify(names) : names.join('\n')}\n`)
}

/** Sorted. Throws UsageError where a topic was asked for that is not there, unless --if-exists was given. */
export async function topicNames(
  admin: Admin,
  { topic, ifExists, excludeInternal }: Pick<TopicsOptions, 'topic' | 'ifExists' | 'excludeInternal'>,
): Promise<string[]> {
  const isMeant = topic === undefined ? () => true : await topicFilter(topic)
  const listed = await allTopics(admin, excludeInternal)
  const names = listed.map(({ name }) => name).filter(isMeant)
  if (topic && names.length === 0 && !ifExists)
    throw new UsageError(`Topic '${topic}' does not exist as expected`)
  return names.sort()
}

export function allTopics(admin: Admin, excludeInternal: true | undefined): Promise<TopicListing[]> {
  return admin.listTopics({ listInternal: !excludeInternal })
}
