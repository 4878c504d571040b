import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { silentLogger } from '../../../base/logger.ts'
import { BrokerConfig } from '../../../metadata/config/broker-config.ts'
import { MetadataCache } from '../../../metadata/metadata-cache.ts'
import { ErrorCode, errorName } from '../../../protocol/error-codes.ts'
import { SimClock } from '../../../simulator/sim-clock.ts'
import { SimRandom } from '../../../simulator/sim-random.ts'
import type { CoordinatorRuntime } from '../../runtime/coordinator-runtime.ts'
import { MemoryLog, startRuntime } from '../../runtime/memory-log.test.kit.ts'
import { ClusterTopics } from '../consumer/cluster-topics.ts'
import { GroupAdmin } from '../group-admin.ts'
import { GroupMembership } from '../group-membership.ts'
import { GroupShard } from '../group-shard.ts'
import { GroupOffsets } from '../offsets/group-offsets.ts'
import { ClassicGroup } from './classic-group.ts'
import type { JoinResponse, SyncResponse } from './classic-member.ts'
import { readGroupMetadata } from './group-metadata-records.ts'
import { type Client, TranscriptClients } from './transcript-clients.test.kit.ts'
import { Args, codeOf, repeated, shown, subscription } from './transcript-words.test.kit.ts'

/**
 * Runs a transcript: a text of commands to one group coordinator over a log in memory, each followed by what came of it,
 * indented. The text is compared with what comes of it now; UPDATE_TRANSCRIPTS=1 writes that instead, to be read and
 * judged.
 *
 *   # a comment
 *   config group.max.size=2           before anything else
 *   join m1 session=10s v=9 ...       a client named m1, with the id it was given last
 *   sync m1 assign=m1#1:a,m2#1:b      ids are shown as the client's name and the how manieth id it was given
 *   advance 3s
 *
 * After each command the log is loaded into another shard, and where the group is stable or empty that has to be what the
 * living one is.
 */
export class GroupTranscript {
  readonly #clock = new SimClock()
  readonly #random = new SimRandom(1)
  readonly #log = new MemoryLog(this.#clock)
  #config: BrokerConfig
  readonly #clients = new TranscriptClients()
  #runtime!: CoordinatorRuntime<GroupShard>
  #membership!: GroupMembership
  #admin!: GroupAdmin
  #offsets!: GroupOffsets
  #output: string[] = []
  #recordCount = 0
  #isLogTrue = true

  private constructor(config: readonly string[]) {
    const settings = config.map((setting) => setting.split('=') as [string, string])
    const properties = new Map([
      ['log.dirs', '/data'],
      ['group.initial.rebalance.delay.ms', '0'],
      ...settings,
    ])
    this.#config = BrokerConfig.parse(properties as Map<string, string>).config
  }

  static async check(path: string): Promise<void> {
    const text = readFileSync(path, 'utf8')
    const actual = await GroupTranscript.#of(text)
    if (process.env.UPDATE_TRANSCRIPTS === '1') writeFileSync(path, actual)
    else assert.equal(actual, text)
  }

  static async #of(text: string): Promise<string> {
    const lines = text.split('\n').filter((line) => !line.startsWith('  '))
    const config = lines.filter((line) => line.startsWith('config ')).map((line) => line.slice(7))
    const transcript = new GroupTranscript(config)
    await transcript.#start()
    const actual: string[] = []
    for (const line of lines) {
      actual.push(line)
      if (line === '' || line.startsWith('#') || line.startsWith('config ')) continue
      actual.push(...(await transcript.#step(line)).map((output) => `  ${output}`))
    }
    return actual.join('\n')
  }

  async #step(line: string): Promise<string[]> {
    this.#output = []
    const [command, ...words] = line.split(' ')
    const args = new Args(words)
    await this.#run(command!, args)
    await this.#settle()
    args.assertUsed(line)
    await this.#checkReload()
    return this.#output
  }

  async #run(command: string, args: Args): Promise<void> {
    switch (command) {
      case 'join':
        return this.#join(args)
      case 'sync':
        return this.#sync(args)
      case 'heartbeat':
        return this.#heartbeat(args)
      case 'leave':
        return this.#leave(args)
      case 'commit':
        return this.#commit(args)
      case 'state':
        return this.#state(args)
      case 'describe':
        return this.#describe(args)
      case 'list':
        return this.#list(args)
      case 'delete':
        return this.#delete(args)
      case 'log':
        return this.#showLog()
      case 'advance':
        return this.#advance(args.duration(args.name()))
      case 'restart':
        return this.#restart(args.words())
      case 'log-takes': {
        this.#log.batchBytesMax = Number(args.name())
        return
      }
      case 'log-refuses': {
        this.#log.refusal = codeOf(args.name())
        return
      }
      case 'log-holds': {
        this.#log.holds = true
        return
      }
      case 'log-settles': {
        this.#log.holds = false
        this.#log.settle(codeOf(args.name('NONE')))
        return
      }
      default:
        assert.fail(`unknown command ${command}`)
    }
  }

  // --- Requests ------------------------------------------------------------------------------------------------------

  #join(args: Args): void {
    const client = this.#clients.named(args.name())
    const topics = args.list('topics')
    const meta = args.text('meta', client.name)
    const metadata = topics.length === 0 ? Buffer.from(meta) : subscription(topics)
    const sessionTimeoutMs = args.duration(args.text('session', '10s'))
    const groupInstanceId = args.textOrNull('instance')
    if (groupInstanceId !== null) this.#clients.setInstance(groupInstanceId, client)
    const request = {
      groupId: args.text('group', 'g'),
      memberId: this.#id(args, client),
      groupInstanceId,
      sessionTimeoutMs,
      rebalanceTimeoutMs: args.duration(args.text('rebalance', '60s')),
      protocolType: args.text('type', 'consumer'),
      protocols: args.list('protocols', 'range').map((name) => ({ name, metadata })),
      reason: args.textOrNull('reason'),
    }
    const version = args.number('v', 9)
    const answer = this.#membership.joinGroup(request, {
      apiVersion: version,
      clientId: client.name,
      clientHost: '/127.0.0.1',
    })
    void answer.then((response) => this.#onJoined(client, response))
  }

  #onJoined(client: Client, response: JoinResponse): void {
    const { errorCode, memberId = '', generationId = -1, members = [], leader = '' } = response
    const isGiven = errorCode === ErrorCode.NONE || errorCode === ErrorCode.MEMBER_ID_REQUIRED
    if (isGiven) client.memberId = memberId
    if (errorCode !== ErrorCode.NONE) {
      const id = memberId === '' ? '' : ` id=${this.#clients.labelOf(memberId)}`
      this.#say(`${client.name} join: ${errorName(errorCode ?? 0)}${id}`)
      return
    }
    client.generationId = generationId
    const told = members.map((each) => {
      const instance = each.groupInstanceId == null ? '' : `(${each.groupInstanceId})`
      return `${this.#clients.labelOf(each.memberId ?? '')}${instance}:${shown(each.metadata)}`
    })
    const skips = response.skipAssignment ? ' skip-assignment' : ''
    this.#say(
      `${client.name} joined: id=${this.#clients.labelOf(memberId)} generation=${generationId} ` +
        `protocol=${response.protocolType}/${response.protocolName} leader=${this.#clients.labelOf(leader)}${skips}` +
        (told.length === 0 ? '' : ` members=${told.join(',')}`),
    )
  }

  #sync(args: Args): void {
    const client = this.#clients.named(args.name())
    const answer = this.#membership.syncGroup({
      groupId: args.text('group', 'g'),
      generationId: args.number('generation', client.generationId),
      memberId: this.#id(args, client),
      groupInstanceId: args.textOrNull('instance'),
      protocolType: args.textOrNull('type'),
      protocolName: args.textOrNull('protocol'),
      assignments: args.list('assign').map((each) => {
        const [label, assignment = ''] = each.split(':')
        return {
          memberId: this.#clients.idOf(label!),
          assignment: Buffer.from(assignment.replace(/^(\d+)x$/, repeated)),
        }
      }),
    })
    void answer.then((response) => this.#onSynced(client, response))
  }

  #onSynced({ name }: Client, { errorCode = 0, protocolType, protocolName, assignment }: SyncResponse): void {
    if (errorCode !== ErrorCode.NONE) this.#say(`${name} sync: ${errorName(errorCode)}`)
    else this.#say(`${name} synced: assignment=${shown(assignment)} protocol=${protocolType}/${protocolName}`)
  }

  #heartbeat(args: Args): void {
    const client = this.#clients.named(args.name())
    const answer = this.#membership.heartbeat({
      groupId: args.text('group', 'g'),
      generationId: args.number('generation', client.generationId),
      memberId: this.#id(args, client),
      groupInstanceId: args.textOrNull('instance'),
    })
    void answer.then((errorCode) => this.#say(`${client.name} heartbeat: ${errorName(errorCode)}`))
  }

  #leave(args: Args): void {
    const names = args
      .name()
      .split(',')
      .filter((name) => name !== '-')
    const instances = args.list('instance')
    const leaving = names.map((name, i) => ({
      memberId: this.#id(args, this.#clients.named(name)),
      groupInstanceId: instances[i] ?? null,
      reason: args.textOrNull('reason'),
    }))
    // Without a member: by instance id alone, as an administrator does.
    if (names.length === 0) {
      leaving.push(...instances.map((id) => ({ memberId: '', groupInstanceId: id, reason: null })))
    }
    void this.#membership
      .leaveGroup(args.text('group', 'g'), leaving)
      .then(({ errorCode = 0, members = [] }) => {
        const each = members.map((member) => {
          const who = member.groupInstanceId ?? this.#clients.labelOf(member.memberId ?? '')
          return `${who}=${errorName(member.errorCode ?? 0)}`
        })
        this.#say(`left: ${[errorName(errorCode), ...each].join(' ')}`)
      })
  }

  #commit(args: Args): void {
    const name = args.name()
    const client = this.#clients.named(name)
    const isOutside = name === 'nobody'
    const answer = this.#offsets.commit({
      groupId: args.text('group', 'g'),
      committer: {
        memberId: isOutside ? '' : this.#id(args, client),
        groupInstanceId: args.textOrNull('instance'),
        generationIdOrMemberEpoch: args.number('generation', isOutside ? -1 : client.generationId),
      },
      apiVersion: 8,
      retentionTimeMs: -1,
      offsets: [
        {
          topic: args.text('topic', 't'),
          partition: 0,
          offset: 7,
          leaderEpoch: -1,
          metadata: '',
          commitTimestampMs: -1,
        },
      ],
    })
    void answer.then(([errorCode]) => this.#say(`${name} commit: ${errorName(errorCode!)}`))
  }

  // --- Looking -------------------------------------------------------------------------------------------------------

  #state(args: Args): void {
    const groupId = args.text('group', 'g')
    this.#runtime.peek(0, ({ groups }) => {
      const group = groups.get(groupId)
      this.#say(group instanceof ClassicGroup ? this.#stateOf(group) : `${groupId}: not there`)
    })
  }

  #stateOf(group: ClassicGroup): string {
    const members = group.members().map((member) => {
      const waits = member.isAwaitingJoin ? ' joining' : member.isAwaitingSync ? ' syncing' : ''
      const late = group.pendingSync.has(member) ? ' not-synced' : ''
      const instance = member.groupInstanceId === null ? '' : `(${member.groupInstanceId})`
      return `${this.#clients.labelOf(member.memberId)}${instance}${waits}${late}`
    })
    const pending = [...group.pendingMembers].map((id) => this.#clients.labelOf(id))
    return (
      `${group.groupId}: ${group.state} generation=${group.generationId} ` +
      `protocol=${group.protocolType}/${group.protocolName} leader=${this.#clients.labelOf(group.leaderId ?? '')} ` +
      `members=[${members.join(', ')}]${pending.length === 0 ? '' : ` pending=[${pending.join(', ')}]`}`
    )
  }

  async #describe(args: Args): Promise<void> {
    const group = await this.#answered(this.#admin.describeGroup(args.text('group', 'g')))
    const members = (group.members ?? []).map((member) => {
      const instance = member.groupInstanceId == null ? '' : `(${member.groupInstanceId})`
      return (
        `${this.#clients.labelOf(member.memberId ?? '')}${instance} ${member.clientId}@${member.clientHost} ` +
        `${shown(member.memberMetadata)} -> ${shown(member.memberAssignment)}`
      )
    })
    const head = [errorName(group.errorCode ?? 0), group.groupState, group.protocolType, group.protocolData]
    this.#say(head.filter((each) => each !== '').join(' '))
    for (const member of members) this.#say(member)
    if (group.errorMessage != null) this.#say(group.errorMessage)
  }

  async #list(args: Args): Promise<void> {
    const filter = { states: args.list('states'), types: args.list('types') }
    const { errorCode, groups } = await this.#answered(this.#admin.listGroups(filter))
    this.#say(errorName(errorCode))
    for (const { groupId, protocolType, groupState, groupType } of groups) {
      this.#say([groupId, groupState, groupType, protocolType].filter((each) => each !== '').join(' '))
    }
  }

  async #delete(args: Args): Promise<void> {
    const errorCodes = await this.#answered(this.#admin.deleteGroups(args.list('groups', 'g')))
    for (const [groupId, errorCode] of errorCodes) this.#say(`${groupId}: ${errorName(errorCode)}`)
  }

  /** What was written since this was last asked. */
  #showLog(): void {
    const records = this.#log.records()
    for (const record of records.slice(this.#recordCount)) {
      if (record.key.readInt16BE(0) !== 2) {
        this.#say(record.value === null ? 'offset: tombstone' : 'offset')
        continue
      }
      const { groupId, value } = readGroupMetadata(record)
      if (value === undefined) {
        this.#say(`${groupId}: tombstone`)
        continue
      }
      const members = value.members.map(
        (each) =>
          `${this.#clients.labelOf(each.memberId)} ${shown(each.subscription)} -> ${shown(each.assignment)}`,
      )
      this.#say(
        `${groupId}: version=${record.value!.readInt16BE(0)} generation=${value.generation} ` +
          `protocol=${value.protocolType}/${value.protocol} leader=${this.#clients.labelOf(value.leader ?? '')} ` +
          `members=[${members.join(', ')}]`,
      )
    }
    this.#recordCount = records.length
  }

  // --- The world -----------------------------------------------------------------------------------------------------

  async #start(): Promise<void> {
    this.#runtime = await this.#loaded()
    const where = { runtime: this.#runtime, partitionOf: () => 0 }
    this.#membership = new GroupMembership({ ...where, config: this.#config })
    this.#admin = new GroupAdmin(where)
    this.#offsets = new GroupOffsets(where)
  }

  async #loaded(): Promise<CoordinatorRuntime<GroupShard>> {
    const metadataCache = new MetadataCache({ clusterId: 'c', logger: silentLogger })
    const { runtime, loaded } = startRuntime({
      clock: this.#clock,
      random: this.#random,
      newShard: (context) =>
        new GroupShard(context, { config: this.#config, topics: new ClusterTopics(metadataCache) }),
      log: this.#log,
    })
    await loaded()
    return runtime
  }

  /** With other settings, if there are any. */
  async #restart(config: readonly string[]): Promise<void> {
    if (config.length > 0) this.#config = parseConfig(config)
    this.#runtime.shutdown()
    await this.#settle()
    this.#log.refusal = ErrorCode.NONE
    this.#isLogTrue = true
    await this.#start()
  }

  /** In steps, so that what a timer leads to is answered before the next one. */
  async #advance(durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += 500) {
      this.#clock.advance(Math.min(500, durationMs - passedMs))
      await this.#settle()
    }
  }

  async #settle(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      this.#clock.advance(0)
      await turn()
    }
    this.#nameMembers()
  }

  async #answered<T>(answer: Promise<T>): Promise<T> {
    await this.#settle()
    return await answer
  }

  async #checkReload(): Promise<void> {
    // What the log did not take is only here.
    if (this.#log.refusal !== ErrorCode.NONE) this.#isLogTrue = false
    if (!this.#isLogTrue) return
    const living = this.#persistedStates(this.#runtime)
    if (living === undefined) return
    const other = await this.#loaded()
    const loaded = this.#persistedStates(other)!
    other.shutdown()
    for (const [groupId, state] of living)
      assert.deepEqual(loaded.get(groupId), state, `${groupId} after a reload`)
  }

  /** Of groups of which all is in the log. */
  #persistedStates(runtime: CoordinatorRuntime<GroupShard>): Map<string, unknown> | undefined {
    return runtime.peek(0, ({ groups }) => {
      const states = new Map<string, unknown>()
      for (const group of groups.values()) {
        if (!(group instanceof ClassicGroup)) continue
        if (group.state !== 'Stable' && (group.state !== 'Empty' || group.generationId === 0)) continue
        const { state, generationId, protocolType, protocolName, leaderId } = group
        const members = group.members().map((member) => [
          [member.memberId, member.groupInstanceId, member.clientId, member.clientHost],
          [member.sessionTimeoutMs, member.rebalanceTimeoutMs],
          [shown(member.assignment), shown(member.metadataFor(protocolName!))],
        ])
        const topics = ['t', 'u'].filter((topic) => group.isSubscribedTo(topic))
        members.sort()
        states.set(group.groupId, {
          state,
          generationId,
          protocolType,
          protocolName,
          leaderId,
          members,
          topics,
        })
      }
      return states
    })
  }

  /** The id that the request names, or the one that the client was given last. */
  #id(args: Args, client: Client): string {
    const given = args.textOrNull('id')
    return given === null ? client.memberId : this.#clients.idOf(given)
  }

  /** Ids that their clients are not told of yet have names too. */
  #nameMembers(): void {
    this.#runtime.peek(0, ({ groups }) => {
      for (const group of groups.values()) {
        if (!(group instanceof ClassicGroup)) continue
        for (const { memberId } of group.members()) this.#clients.labelOf(memberId)
        for (const memberId of group.pendingMembers) this.#clients.labelOf(memberId)
      }
    })
  }

  #say(output: string): void {
    this.#output.push(output)
  }
}

function parseConfig(settings: readonly string[]): BrokerConfig {
  const properties = new Map([
    ['log.dirs', '/data'],
    ['group.initial.rebalance.delay.ms', '0'],
  ])
  for (const setting of settings) {
    const [key, value] = setting.split('=')
    properties.set(key!, value!)
  }
  return BrokerConfig.parse(properties).config
}
