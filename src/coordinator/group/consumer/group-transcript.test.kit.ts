import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { errorName } from '../../../protocol/error-codes.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../protocol/messages/68-consumer-group-heartbeat.ts'
import { Args, codeOf } from '../classic/transcript-words.test.kit.ts'
import { ClassicClients } from './classic-clients.test.kit.ts'
import { changeOf, isConsumerGroupRecord } from './consumer-group-records.ts'
import { GroupBench } from './group-bench.test.kit.ts'
import { shownChange, shownPartitions } from './transcript-changes.test.kit.ts'

interface Client {
  readonly name: string
  memberId: string
  epoch: number
}

/**
 * Runs a transcript: a text of commands to one group coordinator, each followed by what came of it, indented. The text
 * is compared with what comes of it now; UPDATE_TRANSCRIPTS=1 writes that instead, to be read and judged.
 *
 *   # a comment
 *   config group.consumer.max.size=2        before anything else
 *   topic a 3                               there are three partitions of a from now on; 0: it is deleted
 *   join m1 topics=a,b instance=i1 ...      a full heartbeat with epoch 0
 *   beat m1                                 a heartbeat in which nothing is said; owned=a:0-2,b:1 says what it holds
 *   leave m1                                for good; `pause m1` leaves for a while
 *   classic-join k1, classic-sync k1, ...   a client of the classic protocol
 *   log                                     what was written since the last time
 *
 * After each command nobody holds what another holds, and the log loads to the groups that there are.
 */
export class ConsumerTranscript {
  readonly #bench: GroupBench
  readonly #classic: ClassicClients
  readonly #clients = new Map<string, Client>()
  readonly #output: string[] = []
  #recordCount = 0
  #isLogTrue = true

  private constructor(bench: GroupBench) {
    this.#bench = bench
    this.#classic = new ClassicClients(bench, (line) => void this.#output.push(line))
  }

  static async check(path: string): Promise<void> {
    const text = readFileSync(path, 'utf8')
    const actual = await ConsumerTranscript.#of(text)
    if (process.env.UPDATE_TRANSCRIPTS === '1') writeFileSync(path, actual)
    else assert.equal(actual, text)
  }

  static async #of(text: string): Promise<string> {
    const lines = text.split('\n').filter((line) => !line.startsWith('  '))
    const settings = lines.filter((line) => line.startsWith('config ')).map((line) => line.slice(7))
    const transcript = new ConsumerTranscript(await GroupBench.start(settings))
    const actual: string[] = []
    for (const line of lines) {
      actual.push(line)
      if (line === '' || line.startsWith('#') || line.startsWith('config ')) continue
      actual.push(...(await transcript.#step(line)).map((output) => `  ${output}`))
    }
    return actual.join('\n')
  }

  async #step(line: string): Promise<string[]> {
    const [command, ...words] = line.split(' ')
    const args = new Args(words)
    await this.#run(command!, args, words)
    await this.#bench.settle()
    args.assertUsed(line)
    if (this.#isLogTrue) await this.#bench.check()
    return this.#output.splice(0).map((output) => this.#classic.labelled(output))
  }

  async #run(command: string, args: Args, words: readonly string[]): Promise<void> {
    const bench = this.#bench
    if (command.startsWith('classic-')) return await this.#classic.run(command.slice('classic-'.length), args)
    switch (command) {
      case 'topic':
        return this.#setTopic(words[0]!, Number(words[1]))
      case 'join':
        return await this.#beat(args, { isJoin: true })
      case 'beat':
        return await this.#beat(args, { isJoin: false })
      case 'leave':
        return await this.#leave(args, -1)
      case 'pause':
        return await this.#leave(args, -2)
      case 'commit':
        return await this.#commit(args)
      case 'fetch':
        return await this.#fetch(args)
      case 'describe':
        return await this.#describe(args)
      case 'list':
        return await this.#list()
      case 'delete':
        for (const [groupId, code] of await bench.answered(
          bench.admin.deleteGroups([args.text('group', 'g')]),
        )) {
          this.#say(`${groupId}: ${errorName(code)}`)
        }
        return
      case 'log':
        return this.#showLog()
      case 'advance':
        return await bench.advance(args.duration(args.name()))
      case 'restart':
        return await bench.restart(args.words())
      case 'log-refuses':
        bench.log.refusal = codeOf(args.name())
        return
      default:
        assert.fail(`unknown command ${command}`)
    }
  }

  #setTopic(name: string, partitionCount: number): void {
    if (partitionCount === 0) this.#bench.deleteTopic(name)
    else this.#bench.setTopic(name, partitionCount)
  }

  // --- Members -------------------------------------------------------------------------------------------------------

  async #beat(args: Args, { isJoin }: { isJoin: boolean }): Promise<void> {
    const client = this.#client(args.name())
    const isFull = isJoin || args.text('full', 'no') === 'yes'
    const memberEpoch = args.number('epoch', isJoin ? 0 : client.epoch)
    const names = args.textOrNull('topics')
    const rebalance = args.textOrNull('rebalance') ?? (isFull ? '60s' : null)
    const owned = args.textOrNull('owned') ?? (isJoin ? 'none' : null)
    const request: ConsumerGroupHeartbeatRequest = {
      groupId: args.text('group', 'g'),
      memberId: args.text('id', client.memberId),
      memberEpoch,
      instanceId: args.textOrNull('instance'),
      rackId: args.textOrNull('rack'),
      rebalanceTimeoutMs: rebalance === null ? -1 : args.duration(rebalance),
      subscribedTopicNames: names === null ? null : names.split(',').filter((name) => name !== ''),
      subscribedTopicRegex: args.textOrNull('regex'),
      serverAssignor: args.textOrNull('assignor'),
      topicPartitions: owned === null ? null : this.#partitions(owned),
    }
    await this.#send(client, request, args)
  }

  async #leave(args: Args, memberEpoch: number): Promise<void> {
    const client = this.#client(args.name())
    await this.#send(
      client,
      {
        groupId: args.text('group', 'g'),
        memberId: args.text('id', client.memberId),
        memberEpoch,
        instanceId: args.textOrNull('instance'),
        rackId: null,
        rebalanceTimeoutMs: -1,
        subscribedTopicNames: null,
        subscribedTopicRegex: null,
        serverAssignor: null,
        topicPartitions: null,
      },
      args,
    )
  }

  async #send(client: Client, request: ConsumerGroupHeartbeatRequest, args: Args): Promise<void> {
    const by = { apiVersion: args.number('v', 1), clientId: 'client', clientHost: '/127.0.0.1' }
    const response = await this.#bench.answered(this.#bench.consumer.heartbeat(request, by))
    const { errorCode = 0, errorMessage, memberId, memberEpoch = 0, assignment } = response
    if (errorCode !== 0) {
      this.#say(`${errorName(errorCode)}${errorMessage == null ? '' : `: ${errorMessage}`}`)
      if (this.#bench.log.refusal !== 0) this.#isLogTrue = false
      return
    }
    client.memberId = memberId!
    client.epoch = memberEpoch
    const told =
      assignment == null ? '' : ` assignment=${shownPartitions(assignment.topicPartitions, this.#bench)}`
    this.#say(`epoch=${memberEpoch}${told}`)
  }

  /** `a:0-2,b:1`. */
  #partitions(text: string) {
    if (text === 'none') return []
    return text.split(',').map((each) => {
      const [name, range] = each.split(':') as [string, string]
      const [first, last = first] = range.split('-').map(Number) as [number, number?]
      const partitions = Array.from({ length: last - first + 1 }, (_, i) => first + i)
      return { topicId: this.#bench.topicId(name), partitions }
    })
  }

  #client(name: string): Client {
    const known = this.#clients.get(name)
    if (known !== undefined) return known
    const client = { name, memberId: name, epoch: 0 }
    this.#clients.set(name, client)
    return client
  }

  // --- Offsets -------------------------------------------------------------------------------------------------------

  async #commit(args: Args): Promise<void> {
    const name = args.name()
    const client = this.#client(name)
    const offset = { topic: args.text('topic', 'a'), partition: 0, offset: 7, leaderEpoch: -1 }
    const [errorCode] = await this.#bench.answered(
      this.#bench.offsets.commit({
        groupId: args.text('group', 'g'),
        committer: {
          memberId: name === 'nobody' ? '' : (this.#classic.idOf(name) ?? client.memberId),
          groupInstanceId: null,
          generationIdOrMemberEpoch: args.number('epoch', name === 'nobody' ? -1 : client.epoch),
        },
        apiVersion: args.number('v', 9),
        retentionTimeMs: -1,
        offsets: [{ ...offset, metadata: '', commitTimestampMs: -1 }],
      }),
    )
    this.#say(errorName(errorCode!))
  }

  async #fetch(args: Args): Promise<void> {
    const name = args.name()
    const client = this.#client(name)
    const fetched = await this.#bench.answered(
      this.#bench.offsets.fetch({
        groupId: args.text('group', 'g'),
        memberId: name === 'nobody' ? null : client.memberId,
        memberEpoch: args.number('epoch', name === 'nobody' ? -1 : client.epoch),
        topics: null,
        requireStable: false,
      }),
    )
    this.#say(errorName(fetched.errorCode))
  }

  // --- Looking -------------------------------------------------------------------------------------------------------

  async #describe(args: Args): Promise<void> {
    const group = await this.#bench.answered(this.#bench.consumer.describe(args.text('group', 'g')))
    if (group.errorCode !== 0) {
      this.#say(`${errorName(group.errorCode!)}: ${group.errorMessage}`)
      return
    }
    const { groupState, groupEpoch, assignmentEpoch, assignorName, members = [] } = group
    this.#say(`${groupState} epoch=${groupEpoch} target=${assignmentEpoch} assignor=${assignorName}`)
    for (const member of members) {
      const has = shownPartitions(member.assignment?.topicPartitions, this.#bench)
      const gets = shownPartitions(member.targetAssignment?.topicPartitions, this.#bench)
      const { memberId, instanceId, memberEpoch, memberType, subscribedTopicNames, subscribedTopicRegex } =
        member
      const who = `${memberId}${instanceId == null ? '' : `(${instanceId})`}${memberType === 0 ? ' classic' : ''}`
      const regex = subscribedTopicRegex ? ` regex=${subscribedTopicRegex}` : ''
      const topics = `topics=${(subscribedTopicNames ?? []).join(',') || 'none'}${regex}`
      this.#say(`${who} epoch=${memberEpoch} ${topics} has=${has} target=${gets}`)
    }
  }

  async #list(): Promise<void> {
    const { groups } = await this.#bench.answered(this.#bench.admin.listGroups({ states: [], types: [] }))
    for (const { groupId, groupState, groupType, protocolType } of groups) {
      this.#say(`${groupId} ${groupState} ${groupType} ${protocolType}`.trim())
    }
    if (groups.length === 0) this.#say('no groups')
  }

  #showLog(): void {
    const records = this.#bench.log.records()
    for (const record of records.slice(this.#recordCount)) {
      if (isConsumerGroupRecord(record.key.readInt16BE(0))) {
        const { groupId, change } = changeOf(record)
        this.#say(`${groupId} ${shownChange(change, this.#bench)}`)
      } else this.#say(this.#classic.shownRecord(record))
    }
    this.#recordCount = records.length
  }

  #say(line: string): void {
    this.#output.push(line)
  }
}
