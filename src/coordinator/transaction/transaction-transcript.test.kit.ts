import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { ErrorCode, errorName } from '../../protocol/error-codes.ts'
import { buildBatch } from '../../records/record-batch-builder.ts'
import type { ProducerIdentity } from '../runtime/coordinator-log.ts'
import { partitionNames, partitionsOf, TransactionLab } from './transaction-lab.test.kit.ts'
import { NO_PARTITIONS, type TransactionMetadata } from './transaction-metadata.ts'
import { transactionRecord } from './transaction-record.ts'
import type { TransactionState } from './transaction-state.ts'

/**
 * Runs a transcript: a text of commands to a transaction coordinator over a log in memory, each followed by what came of
 * it, indented. The text is compared with what comes of it now; UPDATE_TRANSCRIPTS=1 writes that instead, to be read and
 * judged.
 *
 *   # a comment; a line `## ` starts anew, with an empty log
 *   config transactional.id.expiration.ms=60000     behind `##`, before anything else
 *   init a timeout=60s           InitProducerId: the producer as `id/epoch`, or an error
 *   init a 1/0                   under the name that the producer has
 *   add a 1/0 t-0,t-1 [v2]       AddPartitionsToTxn; v2: by a broker, for a producer of transaction version 2
 *   verify a 1/0 t-0
 *   end a 1/0 commit [v2]        EndTxn; v2: version 5
 *   state a                      as DescribeTransactions sees it
 *   advance 10s
 *   log                          records since one last looked, with the version of their values
 *   markers                      those sent since one last looked
 *   markers-hold, markers-answer [ERROR ...]
 *   log-refuses ERROR, log-holds, log-settles [ERROR]
 *   topic t 0                    the topic has so many partitions (0: it is deleted), or `leaderless`
 *   known a 1/32765 CompleteCommit [v2]    a record that some broker wrote, and then a restart
 *   restart
 *   lines                        of the broker's log since one last looked
 */
export class TransactionTranscript {
  #lab!: TransactionLab
  #seenRecordCount = 0
  #startMs = 0

  /** `restarts`: the coordinator is restarted before every command, and nobody must notice. */
  static async check(path: string, options: { restarts: boolean }): Promise<void> {
    const text = readFileSync(path, 'utf8')
    const actual = await new TransactionTranscript().#run(text, options.restarts)
    if (process.env.UPDATE_TRANSCRIPTS === '1' && !options.restarts) writeFileSync(path, actual)
    else if (options.restarts) assert.equal(anyEpoch(actual), anyEpoch(text))
    else assert.equal(actual, text)
  }

  async #run(text: string, restarts: boolean): Promise<string> {
    const actual: string[] = []
    const lines = text.split('\n').filter((line) => !line.startsWith('  '))
    for (const [i, line] of lines.entries()) {
      actual.push(line)
      if (line.startsWith('## ')) await this.#start(lines.slice(i + 1))
      if (line === '' || line.startsWith('#') || line.startsWith('config ')) continue
      if (restarts) await this.#lab.restart()
      const [command, ...args] = line.split(' ')
      actual.push(...(await this.#step(command!, args)).map((output) => `  ${output}`))
    }
    return actual.join('\n')
  }

  async #start(following: readonly string[]): Promise<void> {
    const end = following.findIndex((line) => line.startsWith('## '))
    const own = end < 0 ? following : following.slice(0, end)
    const settings = own
      .filter((line) => line.startsWith('config '))
      .map((line) => line.slice('config '.length).split('=') as [string, string])
    this.#lab = await TransactionLab.start(Object.fromEntries(settings))
    this.#startMs = this.#lab.clock.nowMs()
    this.#seenRecordCount = 0
  }

  async #step(command: string, args: readonly string[]): Promise<string[]> {
    const lab = this.#lab
    switch (command) {
      case 'init':
      case 'add':
      case 'verify':
      case 'end':
      case 'state':
        return lab.result(this.#ask(command, args[0] === '""' ? '' : args[0]!, args.slice(1)))
      case 'advance':
        await lab.advance(durationMs(args[0]!))
        return []
      case 'log':
        return this.#log()
      case 'markers':
        return this.#markers()
      case 'lines':
        return lab.lines.splice(0)
      default:
        await this.#arrange(command, args)
        await lab.settle()
        return []
    }
  }

  async #ask(command: string, transactionalId: string, args: readonly string[]): Promise<string[]> {
    const { coordinator } = this.#lab
    const producer = args.find((arg) => /^-?\d+\/-?\d+$/.test(arg))
    const clientTransactionVersion = args.includes('v2') ? 2 : 0
    const request = { transactionalId, clientTransactionVersion, ...identity(producer ?? '-1/-1') }
    switch (command) {
      case 'init': {
        const timeout = args.find((arg) => arg.startsWith('timeout='))?.slice('timeout='.length)
        const timeoutMs = durationMs(timeout ?? '60s')
        const expected = producer === undefined ? undefined : identity(producer)
        const answer = await coordinator.initProducerId({ transactionalId, timeoutMs, expected })
        return [answer.errorCode === ErrorCode.NONE ? nameOf(answer) : errorName(answer.errorCode)]
      }
      case 'add':
        return [
          errorName(await coordinator.addPartitions({ ...request, partitions: partitionsOf(args[1]!) })),
        ]
      case 'verify': {
        const partitions = partitionsOf(args[1]!)
        const codes = await coordinator.verifyPartitions({ ...request, partitions })
        return partitions.map((partition, i) => `${partitionNames([partition])} ${errorName(codes[i]!)}`)
      }
      case 'end': {
        const isCommit = args.includes('commit')
        const answer = await coordinator.endTransaction({ ...request, isCommit })
        const isNew = answer.errorCode === ErrorCode.NONE && clientTransactionVersion === 2
        return [errorName(answer.errorCode) + (isNew ? ` ${nameOf(answer)}` : '')]
      }
      default: {
        const described = await coordinator.describe(transactionalId)
        if (described.errorCode !== ErrorCode.NONE) return [errorName(described.errorCode)]
        const { transactionState, transactionTimeoutMs, transactionStartTimeMs, topics } = described
        const partitions = topics.flatMap(({ topic, partitions }) =>
          partitions.map((partition) => ({ topic, partition })),
        )
        return [
          `${transactionState} ${nameOf(described)} timeout=${transactionTimeoutMs}ms${this.#since(transactionStartTimeMs)} [${partitionNames(partitions)}]`,
        ]
      }
    }
  }

  async #arrange(command: string, args: readonly string[]): Promise<void> {
    const { log, sender } = this.#lab
    switch (command) {
      case 'restart':
        return this.#lab.restart()
      case 'markers-hold':
        sender.holds = true
        return
      case 'markers-answer':
        sender.nextErrors.push(...args.map(codeOf))
        sender.holds = false
        return sender.answer()
      case 'log-refuses':
        log.refusal = codeOf(args[0]!)
        return
      case 'log-holds':
        log.holds = true
        return
      case 'log-settles':
        log.holds = false
        return log.settle(codeOf(args[0] ?? 'NONE'))
      case 'topic':
        return args[1] === 'leaderless'
          ? this.#lab.setPartitions(args[0]!, 3, -1)
          : this.#lab.setPartitions(args[0]!, Number(args[1]))
      case 'known': {
        const [transactionalId, producer, state, version] = args
        const record = transactionRecord({
          transactionalId: transactionalId!,
          ...identity(producer!),
          state: state as TransactionState,
          previousProducerId: -1,
          nextProducerId: -1,
          timeoutMs: 60_000,
          partitions: NO_PARTITIONS,
          startTimestampMs: -1,
          lastUpdateTimestampMs: this.#lab.clock.nowMs(),
          clientTransactionVersion: version === 'v2' ? 2 : 0,
        })
        log.append(buildBatch([{ ...record, timestampMs: 0 }]), () => {})
        await this.#lab.settle()
        return this.#lab.restart()
      }
      default:
        assert.fail(`no such command: ${command}`)
    }
  }

  #log(): string[] {
    const records = this.#lab.recordsFrom(this.#seenRecordCount)
    this.#seenRecordCount += records.length
    return records.map(({ transactionalId, metadata, version }) =>
      metadata === undefined
        ? `${transactionalId} removed`
        : `${this.#shown(metadata)} in version ${version}`,
    )
  }

  #shown(metadata: TransactionMetadata): string {
    const { transactionalId, state, previousProducerId, nextProducerId, partitions } = metadata
    const list = [...partitions].flatMap(([topic, numbers]) =>
      [...numbers].map((partition) => ({ topic, partition })),
    )
    const previous = previousProducerId < 0 ? '' : ` previous=${previousProducerId}`
    const next = nextProducerId < 0 ? '' : ` next=${nextProducerId}`
    return `${transactionalId} ${state} ${nameOf(metadata)}${previous}${next} [${partitionNames(list)}]`
  }

  #markers(): string[] {
    return this.#lab.sender.sent
      .splice(0)
      .map(
        (marker) =>
          `${marker.isCommit ? 'commit' : 'abort'} ${nameOf(marker)} coordinator=${marker.coordinatorEpoch} v${marker.transactionVersion} [${partitionNames(marker.partitions)}]`,
      )
  }

  #since(timestampMs: number): string {
    return timestampMs < 0 ? '' : ` since=${(timestampMs - this.#startMs) / 1000}s`
  }
}

/** Each restart is a new coordinator epoch, and that may be noticed. */
function anyEpoch(text: string): string {
  return text.replaceAll(/coordinator=\d+/g, 'coordinator=any')
}

function identity(text: string): ProducerIdentity {
  const [producerId, producerEpoch] = text.split('/').map(Number)
  return { producerId: producerId!, producerEpoch: producerEpoch! }
}

function nameOf({ producerId, producerEpoch }: ProducerIdentity): string {
  return `${producerId}/${producerEpoch}`
}

function codeOf(name: string): number {
  return (ErrorCode as Readonly<Record<string, number>>)[name] ?? assert.fail(`no error is called ${name}`)
}

/** `10s`, `1500ms`, `2m`, `3h` */
function durationMs(text: string): number {
  const [, amount, unit] = /^(-?\d+)(ms|s|m|h)$/.exec(text) ?? assert.fail(`not a duration: ${text}`)
  return Number(amount) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as 'ms' | 's' | 'm' | 'h']
}
