/** Every message and record described in this room, for tests that go over all of them. */
import * as headers from './headers.ts'
import * as messages from './messages.ts'
import type { Message } from './schema.ts'

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'codecs' in value && 'fields' in value
}

const exported: unknown[] = [...Object.values(messages), ...Object.values(headers)]

export const ALL_MESSAGES: readonly Message[] = exported.filter(isMessage)
