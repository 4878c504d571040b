import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { buildBatch } from '../../records/record-batch-builder.ts'
import { SimClock } from '../../simulator/sim-clock.ts'
import { SimRandom } from '../../simulator/sim-random.ts'
import { DecodeError } from '../../wire/reader.ts'
import type { ProducerIdentity } from './coordinator-log.ts'
import type { CoordinatorRecord } from './coordinator-record.ts'
import {
  type CoordinatorShard,
  NO_RECORDS,
  type RecordOrigin,
  type ShardContext,
  type ShardResult,
} from './coordinator-shard.ts'
import { type MemoryLog, startRuntime } from './memory-log.test.kit.ts'

/** A shard that keeps the texts it is given, in order. */
class Notes implements CoordinatorShard {
  readonly context: ShardContext
  readonly seen: string[] = []
  readonly ended: string[] = []
  isLoaded = false
  unloadedWith: number | undefined
  #waiting: ((code: number) => void)[] = []

  constructor(context: ShardContext) {
    this.context = context
  }

  replay({ key, value }: CoordinatorRecord, { offset, producer }: RecordOrigin): void {
    if (`${key}` === 'bad') throw new DecodeError('a bad record')
    this.seen.push(`${offset}:${key}=${value}${producer === undefined ? '' : ` by ${producer.producerId}`}`)
  }

  replayEndTransaction({ producerId }: ProducerIdentity, isCommit: boolean): void {
    this.ended.push(`${producerId} ${isCommit ? 'commit' : 'abort'}`)
  }

  onLoaded(): void {
    this.isLoaded = true
  }

  onUnloaded(errorCode: number): void {
    this.unloadedWith = errorCode
    for (const tell of this.#waiting) tell(errorCode)
  }

  add(...keys: string[]): ShardResult<string> {
    return { records: keys.map(record), response: keys.join() }
  }

  wait(): ShardResult<string> {
    return {
      records: NO_RECORDS,
      response: new Promise((resolve) => {
        this.#waiting.push((code) => resolve(`ended with ${code}`))
      }),
    }
  }
}

function record(key: string): CoordinatorRecord {
  return { key: Buffer.from(key), value: Buffer.from('v') }
}

const refuse = (errorCode: number): string => `refused ${ErrorName[errorCode]}`
const ErrorName = Object.fromEntries(Object.entries(ErrorCode).map(([name, code]) => [code, name]))

async function begin(log?: MemoryLog) {
  const clock = new SimClock()
  const shards: Notes[] = []
  const newShard = (context: ShardContext): Notes => {
    const shard = new Notes(context)
    shards.push(shard)
    return shard
  }
  const started = startRuntime({ clock, random: new SimRandom(1), newShard, ...(log && { log }) })
  await started.loaded()
  const answers: string[] = []
  const told = (name: string) => (answer: string) => void answers.push(`${name}: ${answer}`)
  const write = (name: string, run: (shard: Notes) => ShardResult<string>): void =>
    void started.runtime.write(0, run, refuse).then(told(name))
  const read = (name: string): void =>
    void started.runtime.read(0, (shard) => `${shard.seen.length} seen`, refuse).then(told(name))
  return { ...started, clock, shards, shard: () => shards.at(-1)!, answers, write, read }
}

/** Lets promises that are resolved tell it. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test('records are replayed at once and the answer waits until they are safe', async () => {
  const { clock, log, shard, write, answers } = await begin()
  write('a', (s) => s.add('one', 'two'))
  assert.deepEqual(shard().seen, ['0:one=v', '1:two=v'])
  await turn()
  assert.deepEqual(answers, [])
  clock.tick()
  await turn()
  assert.deepEqual(answers, ['a: one,two'])
  assert.equal(log.batches.length, 1)
})

test('what looks at a state that is not safe yet is answered when it is', async () => {
  const { log, write, read, answers } = await begin()
  log.holds = true
  read('before')
  write('a', (s) => s.add('one'))
  read('after')
  write('none', () => ({ records: NO_RECORDS, response: 'nothing' }))
  await turn()
  assert.deepEqual(answers, ['before: 0 seen'])
  log.settle()
  await turn()
  assert.deepEqual(answers, ['before: 0 seen', 'a: one', 'after: 1 seen', 'none: nothing'])
})

test('records that the log refuses change nothing', async () => {
  const { clock, log, shard, write, answers } = await begin()
  log.batchBytesMax = 100
  const settled: number[] = []
  const add = (s: Notes) => ({
    ...s.add('x'.repeat(200)),
    onSettled: (code: number) => void settled.push(code),
  })
  write('large', add)
  log.batchBytesMax = 1000
  log.refusal = ErrorCode.NOT_LEADER_OR_FOLLOWER
  write('moved', (s) => s.add('one'))
  clock.tick()
  await turn()
  assert.deepEqual(answers, ['large: refused MESSAGE_TOO_LARGE', 'moved: refused NOT_COORDINATOR'])
  assert.deepEqual([settled, shard().seen], [[ErrorCode.MESSAGE_TOO_LARGE], []])
})

test('records that need not go together are spread over batches', async () => {
  const { clock, log, shard, write, answers } = await begin()
  log.batchBytesMax = 250
  write('many', (s) => ({ ...s.add(...'abcdefgh'), isAtomic: false }))
  clock.tick()
  await turn()
  assert.deepEqual(answers, ['many: a,b,c,d,e,f,g,h'])
  assert.ok(log.batches.length > 1)
  assert.equal(shard().seen.at(-1), '7:h=v')
})

test('an append that is lost costs the shard, which is loaded anew from the log', async () => {
  const { clock, log, shards, shard, write, read, answers, loaded } = await begin()
  write('kept', (s) => s.add('kept'))
  clock.tick()
  log.holds = true
  write('waits', (s) => s.wait())
  write('lost', (s) => s.add('lost'))
  read('saw it')
  log.settle(ErrorCode.KAFKA_STORAGE_ERROR)
  await turn()
  write('soon', (s) => s.add('soon'))
  await turn()
  assert.deepEqual(answers, [
    'kept: kept',
    'lost: refused NOT_COORDINATOR',
    'saw it: refused NOT_COORDINATOR',
    'waits: ended with 16',
    'soon: refused COORDINATOR_LOAD_IN_PROGRESS',
  ])
  clock.advance(1000)
  await loaded()
  assert.equal(shards.length, 2)
  assert.deepEqual(shard().seen, ['0:kept=v'])
  log.holds = false
  write('again', (s) => s.add('again'))
  clock.tick()
  await turn()
  assert.equal(answers.at(-1), 'again: again')
})

test('a replication that takes too long is told, and the state stays', async () => {
  const { log, shard, shards, write, answers } = await begin()
  log.holds = true
  write('slow', (s) => s.add('slow'))
  log.settle(ErrorCode.REQUEST_TIMED_OUT)
  await turn()
  assert.deepEqual(answers, ['slow: refused COORDINATOR_NOT_AVAILABLE'])
  assert.deepEqual([shards.length, shard().seen], [1, ['0:slow=v']])
})

test('a resignation answers everyone who waits, and a later election loads what is in the log', async () => {
  const { clock, runtime, log, shards, shard, write, answers, loaded } = await begin()
  write('a', (s) => s.add('one'))
  clock.tick()
  await turn()
  log.holds = true
  write('waits', (s) => s.wait())
  write('parked', (s) => s.add('two'))
  runtime.onResignation(0)
  await turn()
  assert.deepEqual(answers.slice(1), ['parked: refused NOT_COORDINATOR', 'waits: ended with 16'])
  // The append of the former term is settled late: nobody minds.
  log.settle()
  write('elsewhere', (s) => s.add('three'))
  await turn()
  assert.equal(answers.at(-1), 'elsewhere: refused NOT_COORDINATOR')
  log.leaderEpoch = 1
  runtime.onElection(0, log)
  assert.equal(runtime.availability(0), ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
  await loaded()
  assert.deepEqual(shard().seen, ['0:one=v', '1:two=v'])
  assert.equal(shard().context.leaderEpoch, 1)
  assert.equal(shards[0]!.unloadedWith, ErrorCode.NOT_COORDINATOR)
  // The same term announced again changes nothing.
  runtime.onElection(0, log)
  assert.equal(shards.length, 2)
})

test('a load replays transactions, and passes over what can not be read', async () => {
  const { clock, runtime, log, shard, write } = await begin()
  const producer = { producerId: 7, producerEpoch: 1 }
  write('txn', (s) => ({ ...s.add('in txn'), producer }))
  const done = runtime.completeTransaction(0, { ...producer, coordinatorEpoch: 3, isCommit: true })
  clock.tick()
  assert.equal(await done, ErrorCode.NONE)
  assert.deepEqual(shard().ended, ['7 commit'])
  const foreign = [
    buildBatch(
      [
        { key: 'bad', value: '' },
        { key: null, value: '' },
        { key: 'good', value: 'v' },
      ],
      { baseOffset: 2 },
    ),
    buildBatch([{ key: 'x' }], { baseOffset: 5 }),
  ]
  // A batch whose records contradict its header.
  foreign[1]!.writeInt32BE(9, foreign[1]!.length - 9)
  log.batches.push(...foreign)
  const again = await begin(log)
  assert.deepEqual(again.shard().seen, ['0:in txn=v by 7', '4:good=v'])
  assert.deepEqual(again.shard().ended, ['7 commit'])
  assert.ok(again.shard().isLoaded)
})

test('timers fire as operations, replace each other by name, and end with the shard', async () => {
  const { clock, runtime, log, shard } = await begin()
  const { timers } = shard().context
  timers.schedule('t', 10, () => shard().add('never'))
  timers.schedule('t', 20, () => shard().add('second'))
  timers.schedule('gone', 10, () => shard().add('never'))
  timers.cancel('gone')
  clock.advance(20)
  assert.deepEqual(shard().seen, ['0:second=v'])
  assert.equal(log.batches.length, 1)
  timers.schedule('late', 10, () => assert.fail('the shard is gone'))
  runtime.onResignation(0)
  timers.schedule('later', 10, () => assert.fail('the shard is gone'))
  clock.advance(100)
})
