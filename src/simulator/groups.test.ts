/**
 * A whole broker under the members of a consumer group that join, leave, crash and stall, killed or with the power cut
 * at random moments.
 *
 * Checked: in one generation each partition has one owner; a commit that was acknowledged is never lost, nor is one
 * found that nobody sent; and the group always gets on.
 *
 * A failure names its seed and the command that replays it. SIM_SEEDS=1000 runs that many seeds instead of a few.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryStore } from '../coordination/memory-store.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/messages/19-create-topics.ts'
import { runActors, type SimActor } from './sim-actor.test.kit.ts'
import { type Death, Life } from './sim-broker.test.kit.ts'
import { SimClock } from './sim-clock.ts'
import { SimDisk } from './sim-disk.ts'
import { GroupMember, GroupWitness, PARTITIONS, TOPIC } from './sim-group.test.kit.ts'
import { SimRandom } from './sim-random.ts'

const SEEDS = 25
const MEMBERS = 4
const COMMITS_PER_LIFE = 15
const DEATHS = 4
const BOUNDARIES_MAX = 120
const START_MS = Date.UTC(2024, 0, 1)
/** Between two lives: within the sessions of the members, or beyond them. */
const GAPS_MS = [100, 60_000] as const
const DEATH_KINDS: readonly Death[] = [
  'kill',
  { lose: 'some' },
  { lose: 'all' },
  { lose: 'some', reorder: true },
]
const PROPERTIES = {
  'log.flush.interval.messages': '1',
  'offsets.topic.num.partitions': '1',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.segment.bytes': '2000',
  'group.min.session.timeout.ms': '100',
  'group.initial.rebalance.delay.ms': '20',
}

async function createTopic(actor: SimActor): Promise<void> {
  const topic = {
    name: TOPIC,
    numPartitions: PARTITIONS.length,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  }
  await actor.call(CreateTopicsRequest, CreateTopicsResponse, 7, { topics: [topic], timeoutMs: 10_000 })
}

async function run(seed: number): Promise<void> {
  const random = new SimRandom(seed)
  const store = new MemoryStore(new SimClock(START_MS))
  const witness = new GroupWitness()
  const members = Array.from({ length: MEMBERS }, (_, i) => {
    const options = { name: `m${i}`, isStatic: i === 0, random: new SimRandom(random.below(2 ** 30)) }
    return new GroupMember({ ...options, witness })
  })
  let disk = new SimDisk({ seed })
  let startMs = START_MS
  for (let lives = 1; ; lives++) {
    const isLast = lives > DEATHS
    const life = new Life({
      disk,
      store,
      seed: random.below(2 ** 30),
      startMs,
      deathAt: isLast ? undefined : random.below(BOUNDARIES_MAX),
      death: DEATH_KINDS[random.below(DEATH_KINDS.length)]!,
      properties: PROPERTIES,
    })
    await life.start()
    if (!life.hasCrashed) await runActors(life, [createTopic])
    if (!life.hasCrashed) {
      const target = lives * COMMITS_PER_LIFE
      const programs = members.map((member) => (actor: SimActor) => member.run(actor, target))
      await runActors(life, programs)
    }
    if (!life.hasCrashed) await life.shutdown()
    startMs = life.clock.nowMs() + GAPS_MS[random.below(GAPS_MS.length)]!
    disk = await life.end()
    if (isLast) break
  }
  assert.ok(witness.acknowledged.every((offset) => offset >= (DEATHS + 1) * COMMITS_PER_LIFE))
  assert.ok(witness.generations > 1)
}

async function runNamed(seed: number): Promise<void> {
  try {
    await run(seed)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const command = `SIM_SEED=${seed} node --test src/simulator/groups.test.ts`
    throw new Error(`${text}\nseed ${seed}; replay: ${command}`, { cause: error })
  }
}

describe('a consumer group on a broker that is killed or whose power is cut', () => {
  const { SIM_SEED, SIM_SEEDS } = process.env
  const first = SIM_SEED === undefined ? 1 : Number(SIM_SEED)
  const count = SIM_SEED === undefined ? Number(SIM_SEEDS ?? SEEDS) : 1
  it(`gives a partition one owner a generation and loses no commit, with ${count} seeds from ${first} on`, async () => {
    for (let seed = first; seed < first + count; seed++) await runNamed(seed)
  })
})
