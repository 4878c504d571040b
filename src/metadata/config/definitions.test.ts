/** Compares the tables with the facts gathered from Apache Kafka, where those are at hand. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { brokerConfigKeys, brokerConfigSynonyms } from './broker-config-definitions.ts'
import { type ConfigKey, parseValue } from './config-def.ts'
import { topicConfigKeys } from './topic-config-definitions.ts'

interface Fact {
  readonly name: string
  readonly type: string
  readonly default: string | number | boolean | readonly string[] | null
  readonly 'default in 4.1'?: Fact['default']
  readonly valid?: string
  readonly importance: string
  readonly internal?: boolean
  readonly in: readonly string[]
  readonly update?: string
  readonly 'broker synonyms'?: readonly string[]
}

const factsPath = fileURLToPath(new URL('../../../../shared/reference/kafka-configs.json', import.meta.url))
const skip = existsSync(factsPath) ? false : `${factsPath} is absent`

/** JSON.parse would round Long.MAX_VALUE and lose the point of 1.0. */
function readFacts(): { broker: Fact[]; topic: Fact[] } {
  const text = readFileSync(factsPath, 'utf8').replace(/: (-?[0-9][0-9.eE+-]*)(?=[,\n}])/g, ': "$1"')
  return JSON.parse(text) as { broker: Fact[]; topic: Fact[] }
}

function defaultText(fact: Fact, value: Fact['default'] = fact.default): string | null {
  if (value === null) return null
  if (typeof value === 'string' && fact.type === 'double') return javaDouble(value)
  return Array.isArray(value) ? value.join(',') : String(value)
}

function javaDouble(text: string): string {
  const plain = text.replace('e+', 'E')
  return plain.includes('.') ? plain : `${plain}.0`
}

function compare(key: ConfigKey | undefined, fact: Fact): void {
  assert.ok(key, `${fact.name} is missing`)
  const ours = {
    type: key.type,
    default: key.defaultText,
    default41: key.defaultText41,
    importance: key.importance,
    internal: key.internal,
    in: key.releases,
    valid: key.validator?.description,
  }
  assert.deepEqual(
    ours,
    {
      type: fact.type,
      default: defaultText(fact),
      default41: defaultText(fact, fact['default in 4.1']),
      importance: fact.importance,
      internal: fact.internal ?? false,
      in: fact.in,
      valid: fact.valid,
    },
    fact.name,
  )
}

test('every broker config of the facts is defined with the same values, and no other', { skip }, () => {
  const facts = readFacts().broker
  for (const fact of facts) {
    const key = brokerConfigKeys.get(fact.name)
    compare(key, fact)
    assert.equal(key?.updateMode, fact.update, fact.name)
  }
  assert.equal(brokerConfigKeys.size, facts.length)
})

test('every topic config of the facts is defined with the same values, and no other', { skip }, () => {
  const facts = readFacts().topic
  for (const fact of facts) {
    const key = topicConfigKeys.get(fact.name)
    compare(key, fact)
    assert.equal(key?.serverName, fact['broker synonyms']?.[0], fact.name)
    const synonyms = key?.serverName === undefined ? undefined : brokerConfigSynonyms(key.serverName)
    assert.deepEqual(synonyms, fact['broker synonyms'], fact.name)
  }
  assert.equal(topicConfigKeys.size, facts.length)
})

test('every default passes its own validation and is in canonical form', () => {
  for (const key of [...brokerConfigKeys.values(), ...topicConfigKeys.values()]) {
    // Kafka's own default for this one is null, which its validator would refuse.
    if (key.defaultText === null) continue
    assert.equal(parseValue(key, key.defaultText).text, key.defaultText, key.name)
  }
})
