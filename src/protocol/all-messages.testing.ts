/** Every message and record described in this room, for tests that go over all of them. */
import { readdirSync } from 'node:fs'
import { APIS } from './apis.ts'
import * as headers from './headers.ts'
import type { Message } from './schema.ts'

const loaded: Message[] = []

for (const folder of ['messages', 'records']) {
  for (const file of readdirSync(new URL(folder, import.meta.url))) {
    if (!/\.(ts|js)$/.test(file) || /\.(test|d)\./.test(file)) continue
    collect((await import(`./${folder}/${file}`)) as Record<string, unknown>)
  }
}
collect(headers)

function collect(exported: Record<string, unknown>): void {
  for (const value of Object.values(exported)) if (isMessage(value)) loaded.push(value)
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'codecs' in value && 'fields' in value
}

export const ALL_MESSAGES: readonly Message[] = loaded

for (const { request, response } of APIS) {
  if (!loaded.includes(request) || !loaded.includes(response))
    throw new Error(`${request.name} is not in messages/`)
}
