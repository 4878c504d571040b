import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimDisk } from '../simulator/sim-disk.ts'
import { LogDirs, LogDirsError } from './log-dirs.ts'

function open(disk: SimDisk, ...paths: string[]): LogDirs {
  return LogDirs.open({ paths, disk, clock: new SimClock(), logger: silentLogger })
}

function refuses(name: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof LogDirsError && error.name === name && message.test(error.message)
}

describe('LogDirs', () => {
  it('makes missing directories, locks them, and writes whose they are', () => {
    const disk = new SimDisk({ seed: 1 })
    const dirs = open(disk, '/data/a', '/data/b')
    assert.equal(dirs.storedBrokerId, undefined)
    dirs.claim({ brokerId: 3, clusterId: 'cluster' })
    assert.deepEqual(
      disk.list('/data/b').map(({ name }) => name),
      ['.lock', 'meta.properties'],
    )
    assert.equal(disk.stat('/data/a/.lock')?.sizeBytes, 0)
    dirs.release()
    const again = open(disk, '/data/a', '/data/b')
    assert.equal(again.storedBrokerId, 3)
    assert.equal(again.storedClusterId, 'cluster')
  })

  it('refuses a directory that someone else has locked, and keeps no other locked', () => {
    const disk = new SimDisk({ seed: 1 })
    const dirs = open(disk, '/data/b')
    const want =
      /^Failed to acquire lock on file \.lock in \/data\/b\. A Kafka instance in another process or thread is using this directory\.$/
    assert.throws(() => open(disk, '/data/a', '/data/b'), refuses('KafkaException', want))
    open(disk, '/data/a').release()
    dirs.release()
    open(disk, '/data/a', '/data/b').release()
  })

  it('refuses directories of another broker or cluster, with one line that says what to do', () => {
    const disk = new SimDisk({ seed: 1 })
    open(disk, '/data').claim({ brokerId: 2, clusterId: 'mine' })
    const other = open(disk.crash({ lose: 'none' }), '/data')
    assert.throws(
      () => other.claim({ brokerId: 0, clusterId: undefined }),
      refuses(
        'InconsistentBrokerIdException',
        /^Configured broker\.id 0 doesn't match stored broker\.id 2 in meta\.properties\. If you moved your data, make sure your configured broker\.id matches\. If you intend to create a new broker, you should remove all data in your data directories \(log\.dirs\)\.$/,
      ),
    )
    assert.throws(
      () => other.claim({ brokerId: 2, clusterId: 'other' }),
      refuses(
        'InconsistentClusterIdException',
        /^The Cluster ID other doesn't match stored clusterId Some\(mine\)/,
      ),
    )
    other.claim({ brokerId: 2, clusterId: 'mine' })
  })

  it('refuses the same directory twice', () => {
    const disk = new SimDisk({ seed: 1 })
    assert.throws(() => open(disk, '/a', '/a'), refuses('KafkaException', /Duplicate log directory found/))
  })

  it('goes on without a directory that cannot be used, and not without any', () => {
    const disk = new SimDisk({ seed: 1 })
    disk.open('/file', 'create').close()
    const dirs = open(disk, '/file', '/data')
    assert.deepEqual(dirs.live, ['/data'])
    assert.deepEqual(dirs.offline, ['/file'])
    dirs.release()
    assert.throws(() => open(disk, '/file'), refuses('KafkaException', /none of the specified log dirs/))
  })
})
