/**
 * Which names a topic may have. '.' and '_' are the same letter in Kafka's metric names, so two topics that differ
 * only there collide.
 */
const NAME_LENGTH_MAX = 249

export const GROUP_METADATA_TOPIC = '__consumer_offsets'
export const TRANSACTION_STATE_TOPIC = '__transaction_state'
/** The folder of that name holds the embedded metadata store; a topic of that name can't exist. */
export const CLUSTER_METADATA_TOPIC = '__cluster_metadata'

/** Topics that brokers write for themselves; clients see them marked `isInternal`. */
export function isInternalTopic(name: string): boolean {
  return name === GROUP_METADATA_TOPIC || name === TRANSACTION_STATE_TOPIC
}

/** What is wrong with a name, in Kafka's words (for INVALID_TOPIC_EXCEPTION), or undefined. */
export function topicNameProblem(name: string): string | undefined {
  const reason = reasonInvalid(name)
  return reason === undefined ? undefined : `Topic name is invalid: ${reason}`
}

function reasonInvalid(name: string): string | undefined {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.') return "'.' is not allowed"
  if (name === '..') return "'..' is not allowed"
  if (name.length > NAME_LENGTH_MAX) {
    return `the length of '${name}' is longer than the max allowed length ${NAME_LENGTH_MAX}`
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  }
  return undefined
}

export function hasCollisionCharacters(name: string): boolean {
  return name.includes('.') || name.includes('_')
}

/** Whether two names are the same but for '.' and '_'. */
export function topicNamesCollide(one: string, other: string): boolean {
  return one.replaceAll('.', '_') === other.replaceAll('.', '_')
}
