/** Results of partitions in the order in which responses hold them: topics as they first came, their partitions in each. */
export function byTopic<Result extends { readonly topic: string }>(
  results: Iterable<Result>,
): [topic: string, results: Result[]][] {
  const topics = new Map<string, Result[]>()
  for (const result of results) {
    const known = topics.get(result.topic)
    if (known === undefined) topics.set(result.topic, [result])
    else known.push(result)
  }
  return [...topics]
}
