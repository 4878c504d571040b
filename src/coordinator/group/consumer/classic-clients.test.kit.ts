import assert from 'node:assert/strict'
import { decode, encodeToBuffer } from '../../../protocol/codec.ts'
import { ErrorCode, errorName } from '../../../protocol/error-codes.ts'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from '../../../protocol/messages/consumer-protocol.ts'
import { Reader } from '../../../wire/reader.ts'
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import { readGroupMetadata } from '../classic/group-metadata-records.ts'
import type { Args } from '../classic/transcript-words.test.kit.ts'
import type { GroupBench } from './group-bench.test.kit.ts'

interface ClassicClient {
  readonly name: string
  memberId: string
  generation: number
}

const SUBSCRIPTION_VERSION = 2
const ASSIGNMENT_VERSION = 0

/** The clients of the classic protocol of a transcript: consumers that join, sync, heartbeat and leave. */
export class ClassicClients {
  readonly #bench: GroupBench
  readonly #say: (line: string) => void
  readonly #clients = new Map<string, ClassicClient>()

  constructor(bench: GroupBench, say: (line: string) => void) {
    this.#bench = bench
    this.#say = say
  }

  /** With the names of clients for the ids that they were given. */
  labelled(line: string): string {
    let text = line
    for (const { name, memberId } of this.#clients.values()) {
      if (memberId !== '') text = text.replaceAll(memberId, name)
    }
    return text
  }

  shownRecord(record: CoordinatorRecord): string {
    if (record.key.readInt16BE(0) !== 2) return record.value === null ? 'offset tombstone' : 'offset'
    const { groupId, value } = readGroupMetadata(record)
    if (value === undefined) return `${groupId} classic tombstone`
    const members = value.members.map(
      ({ memberId, assignment }) => `${memberId}:${shownAssignment(assignment)}`,
    )
    return (
      `${groupId} classic generation=${value.generation} protocol=${value.protocolType}/${value.protocol} ` +
      `leader=${value.leader} members=[${members.join(' ')}]`
    )
  }

  async run(command: string, args: Args): Promise<void> {
    switch (command) {
      case 'join':
        return this.#join(args)
      case 'sync':
        return this.#sync(args)
      case 'beat':
        return await this.#beat(args)
      case 'leave':
        return await this.#leave(args)
      default:
        assert.fail(`unknown command classic-${command}`)
    }
  }

  /** Undefined: there is no such client. */
  idOf(name: string): string | undefined {
    return this.#clients.get(name)?.memberId
  }

  #client(name: string): ClassicClient {
    const known = this.#clients.get(name)
    if (known !== undefined) return known
    const client = { name, memberId: '', generation: -1 }
    this.#clients.set(name, client)
    return client
  }

  /** Joins again at once with the id that it is given. It may be answered after a later command. */
  #join(args: Args): void {
    const client = this.#client(args.name())
    const owned = args.list('owned').map((each) => {
      const [topic, partitions] = each.split(':') as [string, string]
      return { topic, partitions: partitions.split('+').map(Number) }
    })
    const subscription = encodeToBuffer(ConsumerProtocolSubscription, SUBSCRIPTION_VERSION, {
      topics: args.list('topics', 'a'),
      ownedPartitions: owned,
      generationId: client.generation,
    })
    const meta = args.textOrNull('meta')
    const metadata = meta === null ? versioned(SUBSCRIPTION_VERSION, subscription) : Buffer.from(meta)
    const request = {
      groupId: args.text('group', 'g'),
      memberId: args.text('id', client.memberId),
      groupInstanceId: args.textOrNull('instance'),
      sessionTimeoutMs: args.duration(args.text('session', '30s')),
      rebalanceTimeoutMs: args.duration(args.text('rebalance', '60s')),
      protocolType: args.text('type', 'consumer'),
      protocols: args.list('protocols', 'range').map((name) => ({ name, metadata })),
      reason: null,
    }
    const by = { apiVersion: args.number('v', 9), clientId: client.name, clientHost: '/127.0.0.1' }
    const join = (memberId: string): void => {
      void this.#bench.membership.joinGroup({ ...request, memberId }, by).then((response) => {
        const { errorCode = 0, memberId: given = '', generationId = -1 } = response
        if (errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
          client.memberId = given
          this.#say(`${client.name} join: MEMBER_ID_REQUIRED`)
          return join(given)
        }
        if (errorCode !== ErrorCode.NONE) return this.#say(`${client.name} join: ${errorName(errorCode)}`)
        client.memberId = given
        client.generation = generationId
        const { protocolType, protocolName, leader, members = [] } = response
        const told = members.length === 0 ? '' : ` members=${members.map((each) => each.memberId).join(',')}`
        this.#say(
          `${client.name} joined: generation=${generationId} protocol=${protocolType}/${protocolName} leader=${leader || 'none'}${told}`,
        )
      })
    }
    join(request.memberId)
  }

  /** `assign=k1=a:0+1;k2=a:2` as a leader does. */
  #sync(args: Args): void {
    const client = this.#client(args.name())
    const assignments = args
      .text('assign', '')
      .split(';')
      .filter((each) => each !== '')
      .map((each) => {
        const [name, partitions] = each.split('/') as [string, string]
        const assigned = partitions.split(',').map((text) => {
          const [topic, numbers] = text.split(':') as [string, string]
          return { topic, partitions: numbers.split('+').map(Number) }
        })
        const body = encodeToBuffer(ConsumerProtocolAssignment, ASSIGNMENT_VERSION, {
          assignedPartitions: assigned,
        })
        return { memberId: this.#client(name).memberId, assignment: versioned(ASSIGNMENT_VERSION, body) }
      })
    const answer = this.#bench.membership.syncGroup({
      groupId: args.text('group', 'g'),
      generationId: args.number('generation', client.generation),
      memberId: args.text('id', client.memberId),
      groupInstanceId: args.textOrNull('instance'),
      protocolType: args.textOrNull('type'),
      protocolName: args.textOrNull('protocol'),
      assignments,
    })
    void answer.then(({ errorCode = 0, assignment }) => {
      if (errorCode !== ErrorCode.NONE) return this.#say(`${client.name} sync: ${errorName(errorCode)}`)
      this.#say(`${client.name} synced: ${shownAssignment(assignment ?? Buffer.alloc(0))}`)
    })
  }

  async #beat(args: Args): Promise<void> {
    const client = this.#client(args.name())
    const errorCode = await this.#bench.answered(
      this.#bench.membership.heartbeat({
        groupId: args.text('group', 'g'),
        generationId: args.number('generation', client.generation),
        memberId: args.text('id', client.memberId),
        groupInstanceId: args.textOrNull('instance'),
      }),
    )
    this.#say(errorName(errorCode))
  }

  async #leave(args: Args): Promise<void> {
    const memberId = args.text('id', this.#client(args.name()).memberId)
    const leaving = [{ memberId, groupInstanceId: args.textOrNull('instance'), reason: null }]
    const { errorCode = 0, members = [] } = await this.#bench.answered(
      this.#bench.membership.leaveGroup(args.text('group', 'g'), leaving),
    )
    const each = members.map((member) => errorName(member.errorCode ?? 0))
    this.#say([errorName(errorCode), ...each].join(' '))
  }
}

function versioned(version: number, body: Buffer): Buffer {
  const head = Buffer.alloc(2)
  head.writeInt16BE(version)
  return Buffer.concat([head, body])
}

function shownAssignment(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes)
  if (buffer.length === 0) return 'nothing'
  const version = buffer.readInt16BE(0)
  const { assignedPartitions } = decode(ConsumerProtocolAssignment, version, new Reader(buffer.subarray(2)))
  const texts = assignedPartitions.map(({ topic, partitions }) => `${topic}:${partitions.join('+')}`)
  return texts.sort().join(',') || 'none'
}
