/** Topics are asked for by their names, or by the ids that they keep for life. */

export interface TopicIdReference {
  /** As Kafka prints it: 22 characters of base64url. */
  readonly topicId: string
}

export type TopicReference = string | TopicIdReference

export function isTopicId(reference: TopicReference): reference is TopicIdReference {
  return typeof reference === 'object' && reference !== null
}

/** Under which a topic goes in messages and in the details of errors. */
export function nameOfReference(reference: TopicReference): string {
  return isTopicId(reference) ? reference.topicId : reference
}
