/**
 * Described messages as JSON, as Kafka's tools write them: the fields of the version in the order of the description, bytes
 * as base64, tagged fields only where they say something, and no blanks.
 */
import { type FieldPlan, isDefault, planMessage, type StructPlan } from '../../protocol/plan.ts'
import type { Message } from '../../protocol/schema.ts'

const LONG_MAX_TEXT = '9223372036854775807'

export type Replacements = Readonly<Record<string, (value: unknown) => string | undefined>>

/** `replacements`: for fields of these names, JSON to stand there instead; undefined leaves the field as it is. */
export function messageJson(
  schema: Message,
  version: number,
  value: unknown,
  replacements: Replacements = {},
): string {
  return structJson(planMessage(schema, version).root, value, replacements)
}

function structJson(plan: StructPlan, value: unknown, replacements: Replacements): string {
  const fields = value as Readonly<Record<string, unknown>>
  const parts: string[] = []
  for (const field of plan.fields) {
    const each = fields[field.name]
    if (field.place === 'absent' || (field.place === 'tagged' && isDefault(field, each))) continue
    const json = replacements[field.name]?.(each) ?? fieldJson(field, each, replacements)
    parts.push(`${JSON.stringify(field.name)}:${json}`)
  }
  return `{${parts.join(',')}}`
}

function fieldJson(field: FieldPlan, value: unknown, replacements: Replacements): string {
  if (value === null || value === undefined) return 'null'
  switch (field.kind) {
    case 'array':
      return `[${(value as unknown[]).map((each) => fieldJson(field.element!, each, replacements)).join(',')}]`
    case 'struct':
      return structJson(field.struct!, value, replacements)
    case 'bytes':
    case 'records':
      return JSON.stringify(Buffer.from(value as Uint8Array).toString('base64'))
    default:
      // A rounded long of the largest size is that.
      return value === 2 ** 63 ? LONG_MAX_TEXT : JSON.stringify(value)
  }
}
