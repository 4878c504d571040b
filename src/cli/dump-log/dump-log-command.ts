/**
 * kafka-dump-log.sh: what is in the files of a log: segments, indexes, producer snapshots, leader epochs. It reads files
 * that a broker may be writing, and changes nothing.
 */
import type { Disk } from '../../base/disk.ts'
import { CheckpointError } from '../../log/checkpoint-file.ts'
import { LEADER_EPOCH_CHECKPOINT, readLeaderEpochs } from '../../log/leader-epoch-checkpoint-file.ts'
import { decodeProducerSnapshot } from '../../log/producer-snapshot.ts'
import { SystemDisk } from '../../os/disk.ts'
import { type KafkaCommand, UsageError } from '../command/command.ts'
import { required } from '../command/connection.ts'
import { wholeNumber } from '../command/options.ts'
import { baseName, suffixOf } from './dump-file.ts'
import { dumpOffsetIndex, dumpTimeIndex, dumpTransactionIndex, TimeIndexFaults } from './dump-indexes.ts'
import { DumpOutput } from './dump-output.ts'
import { dumpSegment, type SegmentDump } from './dump-segment.ts'
import { internalDecoder, plainDecoder, type RecordDecoder } from './record-decoders.ts'

interface DumpLogOptions {
  readonly files?: string
  readonly printDataLog?: true
  readonly deepIteration?: true
  readonly verifyIndexOnly?: true
  readonly indexSanityCheck?: true
  readonly skipRecordMetadata?: true
  readonly maxBytes: number
  readonly keyDecoderClass?: string | true
  readonly valueDecoderClass?: string | true
  readonly offsetsDecoder?: true
  readonly transactionLogDecoder?: true
}

const STRING_DECODER = 'org.apache.kafka.tools.api.StringDecoder'
const BYTES_MAX = 2_147_483_647

export const dumpLogCommand: KafkaCommand<DumpLogOptions> = {
  name: 'kafka-dump-log',
  description: 'Show what is in the files of a log.',
  configure: (command) =>
    void command
      .option(
        '--files <paths>',
        'REQUIRED: .log, .index, .timeindex, .txnindex, .snapshot, leader-epoch-checkpoint, ...',
      )
      .option('--print-data-log', 'keys and values of records as well; a decoder asks for them, too')
      .option('--deep-iteration', 'records, and not their batches alone')
      .option('--skip-record-metadata', 'of records only keys and values')
      .option(
        '--max-bytes <bytes>',
        'of each segment, from its start',
        (text) => wholeNumber(text, 'max-bytes', 0),
        BYTES_MAX,
      )
      .option('--verify-index-only', 'hold entries of indexes against their segments, and show none')
      .option('--index-sanity-check', 'check indexes as a broker does at its start, and show no entries')
      .option('--offsets-decoder', 'records are those of __consumer_offsets')
      .option('--transaction-log-decoder', 'records are those of __transaction_state')
      .option(
        '--key-decoder-class [class]',
        'of org.apache.kafka.tools.api: StringDecoder, LongDecoder, IntegerDecoder, DefaultDecoder',
      )
      .option('--value-decoder-class [class]', 'the same for values')
      .option('--max-message-size <bytes>', 'means nothing here'),
  run: async (options, context) => {
    const files = required(options.files, 'files').split(',')
    const output = new DumpOutput(context)
    const dump = new LogDump(options, output)
    try {
      for (const path of files) {
        if (output.isStopped) break
        output.line(`Dumping ${path}`)
        await dump.dump(path)
        await output.flush()
      }
    } finally {
      await output.flush()
    }
    dump.tellFaults()
    return 0
  },
}

class LogDump {
  readonly #disk: Disk = new SystemDisk()
  readonly #options: DumpLogOptions
  readonly #output: DumpOutput
  readonly #segments: SegmentDump
  readonly #mismatches = new Map<string, [number, number][]>()
  readonly #timeFaults = new TimeIndexFaults()
  readonly #gaps = new Map<string, [number, number][]>()

  /** Throws UsageError. */
  constructor(options: DumpLogOptions, output: DumpOutput) {
    const decoder = decoderOf(options)
    this.#options = options
    this.#output = output
    this.#segments = {
      isDeep: options.deepIteration === true || decoder !== undefined,
      decoder,
      skipsMetadata: options.skipRecordMetadata === true,
      bytesMax: options.maxBytes,
    }
  }

  /** Rejects with DiskError, UsageError. */
  async dump(path: string): Promise<void> {
    const index = {
      isSanityCheck: this.#options.indexSanityCheck === true,
      isVerifyOnly: this.#options.verifyIndexOnly === true,
    }
    switch (suffixOf(path)) {
      case '.log': {
        const gaps = await dumpSegment(this.#disk, path, this.#segments, this.#output)
        if (gaps.length > 0) this.#gaps.set(path, gaps.reverse())
        break
      }
      case '.index': {
        const mismatches = dumpOffsetIndex(this.#disk, path, index, this.#output)
        if (mismatches.length > 0) this.#mismatches.set(path, mismatches)
        break
      }
      case '.timeindex':
        dumpTimeIndex(this.#disk, path, index, this.#output, this.#timeFaults)
        break
      case '.txnindex':
        dumpTransactionIndex(this.#disk, path, this.#output)
        break
      case '.snapshot':
        this.#dumpSnapshot(path)
        break
      default:
        if (baseName(path) === LEADER_EPOCH_CHECKPOINT) this.#dumpLeaderEpochs(path)
        else this.#output.note(`Ignoring unknown file ${path}`)
    }
  }

  tellFaults(): void {
    for (const [path, pairs] of this.#mismatches) {
      this.#output.note(`Mismatches in :${path}`)
      for (const [index, log] of pairs) this.#output.note(`  Index offset: ${index}, log offset: ${log}`)
    }
    this.#timeFaults.tell(this.#output)
    for (const [path, pairs] of this.#gaps) {
      this.#output.note(`Non-consecutive offsets in ${path}`)
      for (const [first, second] of pairs) this.#output.note(`  ${first} is followed by ${second}`)
    }
  }

  #dumpSnapshot(path: string): void {
    const producers = decodeProducerSnapshot(this.#disk.readFile(path))
    if (typeof producers === 'string') {
      this.#output.note(producers)
      return
    }
    for (const [producerId, entry] of producers) {
      const { currentTxnFirstOffset: first, lastDataOffset, lastOffsetDelta } = entry
      // A producer of which no batch is remembered has nothing behind the blank.
      const batch =
        entry.batchCount === 0
          ? ''
          : `firstSequence: ${entry.firstSequence} lastSequence: ${entry.lastSequence} lastOffset: ${lastDataOffset} offsetDelta: ${lastOffsetDelta} timestamp: ${entry.lastTimestampMs}`
      this.#output.line(
        `producerId: ${producerId} producerEpoch: ${entry.producerEpoch} coordinatorEpoch: ${entry.coordinatorEpoch} currentTxnFirstOffset: ${first < 0 ? 'OptionalLong.empty' : `OptionalLong[${first}]`} lastTimestamp: ${entry.lastTimestampMs} ${batch}`,
      )
    }
  }

  /** Kafka's tool does not know this file. */
  #dumpLeaderEpochs(path: string): void {
    const directory = path.slice(0, Math.max(0, path.length - LEADER_EPOCH_CHECKPOINT.length - 1)) || '.'
    try {
      for (const { epoch, startOffset } of readLeaderEpochs(this.#disk, directory)) {
        this.#output.line(`leaderEpoch: ${epoch} startOffset: ${startOffset}`)
      }
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error
      this.#output.note(error.message)
    }
  }
}

/** Undefined: keys and values are not asked for. Throws UsageError. */
function decoderOf(options: DumpLogOptions): RecordDecoder | undefined {
  const { offsetsDecoder, transactionLogDecoder, printDataLog, keyDecoderClass, valueDecoderClass } = options
  if (offsetsDecoder && transactionLogDecoder) {
    throw new UsageError('Options offsets-decoder and transaction-log-decoder cannot be specified together.')
  }
  if (offsetsDecoder) return internalDecoder('offsets')
  if (transactionLogDecoder) return internalDecoder('transactions')
  if (!printDataLog && keyDecoderClass === undefined && valueDecoderClass === undefined) return undefined
  const named = (given: string | true | undefined): string =>
    given === undefined || given === true ? STRING_DECODER : given
  return plainDecoder(named(keyDecoderClass), named(valueDecoderClass))
}
