import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { DiskError } from '../base/disk.ts'
import { SimDisk } from '../simulator/sim-disk.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { CheckpointError } from './checkpoint-file.ts'
import { takeCleanShutdown, writeCleanShutdown } from './clean-shutdown-file.ts'
import { readLeaderEpochs, writeLeaderEpochs } from './leader-epoch-checkpoint-file.ts'
import { departingDirectoryName, parseLogDirectoryName } from './log-directory-name.ts'
import { readMetaProperties, writeMetaProperties } from './meta-properties.ts'
import { OffsetCheckpointFile } from './offset-checkpoint-file.ts'

let disk = new SimDisk({ seed: 1 })
const PATH = '/data/recovery-point-offset-checkpoint'

beforeEach(() => {
  disk = new SimDisk({ seed: 1 })
  disk.makeDirectory('/data')
  disk.syncDirectory('/')
})

describe('OffsetCheckpointFile', () => {
  it("writes Kafka's text and reads it back by the folder's name", () => {
    const file = new OffsetCheckpointFile({ disk, path: PATH })
    file.write([
      { topic: 'm44', partition: 0, offset: 17 },
      { topic: 'with-dash.and_more', partition: 12, offset: 2 ** 40 },
    ])
    assert.equal(disk.readFile(PATH).toString(), '0\n2\nm44 0 17\nwith-dash.and_more 12 1099511627776\n')
    assert.deepEqual(
      file.read(),
      new Map([
        ['m44-0', 17],
        ['with-dash.and_more-12', 2 ** 40],
      ]),
    )
    file.write([])
    assert.equal(disk.readFile(PATH).length, 4)
    assert.equal(file.read().size, 0)
  })

  it('takes a missing or an empty file for one without entries', () => {
    const file = new OffsetCheckpointFile({ disk, path: PATH })
    assert.equal(file.read().size, 0)
    file.ensureExists()
    assert.equal(disk.stat(PATH)?.sizeBytes, 0)
    assert.equal(file.read().size, 0)
    file.write([{ topic: 'a', partition: 0, offset: 1 }])
    file.ensureExists()
    assert.equal(file.read().size, 1)
  })

  it('refuses a file that says something else than it should', () => {
    const file = new OffsetCheckpointFile({ disk, path: PATH })
    for (const text of [
      '1\n0\n',
      '0\n2\na 0 1\n',
      '0\n1\na 0\n',
      '0\n1\na 0 x\n',
      '0\n1\na 0 1 2\n',
      'x\n',
      '0\nx\n',
    ]) {
      disk.writeFileAtomic(PATH, text)
      assert.throws(() => file.read(), CheckpointError, JSON.stringify(text))
    }
  })

  it('leaves the old file or the new one after a crash at any moment', () => {
    for (let stop = 0; stop < 7; stop++) {
      const other = new SimDisk({ seed: stop })
      other.makeDirectory('/data')
      other.syncDirectory('/')
      const file = new OffsetCheckpointFile({ disk: other, path: PATH })
      file.write([{ topic: 'a', partition: 0, offset: 1 }])
      const from = other.boundaryCount
      let after: SimDisk | undefined
      other.onWriteBoundary(({ index }) => {
        if (index === from + stop) after = other.crash({ lose: 'some', reorder: true })
      })
      try {
        file.write([{ topic: 'a', partition: 0, offset: 2 }])
      } catch {
        assert.ok(after)
      }
      const found = new OffsetCheckpointFile({ disk: after ?? other, path: PATH }).read().get('a-0')
      assert.ok(found === 1 || found === 2, `${found} after a crash at ${stop}`)
    }
  })

  it('lets the error of a failing disk through', () => {
    disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 0, partialBytes: 1 })
    assert.throws(() => new OffsetCheckpointFile({ disk, path: PATH }).write([]), DiskError)
    assert.deepEqual(disk.list('/data'), [])
  })
})

describe('leader-epoch-checkpoint', () => {
  it('holds epochs and their start offsets', () => {
    assert.deepEqual(readLeaderEpochs(disk, '/data'), [])
    const entries = [
      { epoch: 0, startOffset: 0 },
      { epoch: 3, startOffset: 120 },
    ]
    writeLeaderEpochs(disk, '/data', entries)
    assert.equal(disk.readFile('/data/leader-epoch-checkpoint').toString(), '0\n2\n0 0\n3 120\n')
    assert.deepEqual(readLeaderEpochs(disk, '/data'), entries)
    disk.writeFileAtomic('/data/leader-epoch-checkpoint', '0\n1\n0 0 0\n')
    assert.throws(() => readLeaderEpochs(disk, '/data'), CheckpointError)
  })
})

describe('.kafka_cleanshutdown', () => {
  it('is believed once, even if the next run ends in a crash', () => {
    assert.equal(takeCleanShutdown(disk, '/data'), false)
    writeCleanShutdown(disk, '/data')
    assert.equal(disk.readFile('/data/.kafka_cleanshutdown').toString(), '{"version":0,"brokerEpoch":-1}')
    const afterStop = disk.crash({ lose: 'all' })
    assert.equal(takeCleanShutdown(afterStop, '/data'), true)
    assert.equal(takeCleanShutdown(afterStop.crash({ lose: 'all' }), '/data'), false)
  })
})

describe('meta.properties', () => {
  it("writes what a broker with ZooKeeper's metadata writes", () => {
    const properties = { version: 0, brokerId: 1, clusterId: undefined, others: new Map() } as const
    writeMetaProperties(disk, '/data', properties, Date.UTC(2023, 8, 24, 6, 59, 18))
    const text = disk.readFile('/data/meta.properties').toString()
    assert.equal(text, '#\n#Sun Sep 24 06:59:18 UTC 2023\nversion=0\nbroker.id=1\n')
    assert.equal(text.length, 54)
    assert.deepEqual(readMetaProperties(disk, '/data'), properties)
  })

  it('reads both versions, keeps what it does not know, and names what it cannot use', () => {
    const read = (text: string): unknown => {
      disk.writeFileAtomic('/data/meta.properties', text)
      return readMetaProperties(disk, '/data')
    }
    assert.deepEqual(read('#x\nnode.id=4\ndirectory.id=abc\nversion=1\ncluster.id=I2eX\n'), {
      version: 1,
      brokerId: 4,
      clusterId: 'I2eX',
      others: new Map([['directory.id', 'abc']]),
    })
    assert.deepEqual(read('broker.id = 4'), {
      version: 0,
      brokerId: 4,
      clusterId: undefined,
      others: new Map(),
    })
    assert.match(read('version=2\n') as string, /Unknown version '2'/)
    assert.match(read('broker.id=x\n') as string, /Invalid broker.id 'x'/)
    disk.remove('/data/meta.properties')
    assert.equal(readMetaProperties(disk, '/data'), undefined)
  })
})

describe('names of partition folders', () => {
  it('tell topic, partition and state', () => {
    const cases: [string, unknown][] = [
      ['m44-1', { topic: 'm44', partition: 1, state: 'current' }],
      ['with-dash-0', { topic: 'with-dash', partition: 0, state: 'current' }],
      ['a.b-7.8ab418351dd3472798c291bcec908ae1-delete', { topic: 'a.b', partition: 7, state: 'delete' }],
      ['a-7.8ab4-future', { topic: 'a', partition: 7, state: 'future' }],
      ['a-7.8ab4-stray', { topic: 'a', partition: 7, state: 'stray' }],
      ['lost+found', undefined],
      ['-1', undefined],
      ['a-', undefined],
      ['a-1-delete', undefined],
      ['a-b.8ab4-delete', undefined],
    ]
    for (const [name, want] of cases) assert.deepEqual(parseLogDirectoryName(name), want, name)
  })

  it('fit into 255 characters when a partition departs', () => {
    const random = new SimRandom(1)
    assert.match(departingDirectoryName('m44', 1, 'delete', random), /^m44-1\.[0-9a-f]{32}-delete$/)
    const long = departingDirectoryName('x'.repeat(249), 3, 'delete', random)
    assert.equal(long.length, 255)
    assert.equal(parseLogDirectoryName(long)?.partition, 3)
  })
})
