import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DiskError, type DiskFile } from '../base/disk.ts'
import type { FileSlice } from '../base/payload.ts'
import { FetchRequest, FetchResponse } from '../protocol/messages/01-fetch.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { defineHandler } from './handler.ts'
import { bodyOf, connected, framesIn, heartbeat, zeroFetch } from './socket-server.test.kit.ts'

/** A file on a device: what was not read through is cold, and a read of it takes until `arrive`. */
class ColdFile {
  readonly bytes: Buffer
  released = 0
  coldReads = 0
  #warm = new Set<number>()
  #arrivals: (() => void)[] = []

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  slice(position: number, byteLength: number): FileSlice {
    let isReleased = false
    return {
      file: this.#file(() => isReleased),
      position,
      byteLength,
      release: () => {
        assert.ok(!isReleased, 'a slice is released once')
        isReleased = true
        this.released += 1
      },
    }
  }

  get isReading(): boolean {
    return this.#arrivals.length > 0
  }

  /** The device delivers, or fails. */
  async arrive(): Promise<void> {
    for (const arrival of this.#arrivals.splice(0)) arrival()
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }

  failure: DiskError | undefined

  #file(isReleased: () => boolean): DiskFile {
    const copy = (target: Uint8Array, start: number, length: number, position: number): number => {
      assert.ok(!isReleased(), 'nothing is read from a slice that was released')
      return this.bytes.copy(target, start, position, Math.min(position + length, this.bytes.length))
    }
    return {
      path: 'cold',
      descriptor: undefined,
      isCached: (position: number, length: number) =>
        this.#pages(position, length).every((page) => this.#warm.has(page)),
      read: (target: Uint8Array, start: number, length: number, position: number) => {
        for (const page of this.#pages(position, length)) if (!this.#warm.has(page)) this.coldReads += 1
        return copy(target, start, length, position)
      },
      readAsync: async (target: Uint8Array, start: number, length: number, position: number) => {
        await new Promise<void>((resolve) => this.#arrivals.push(resolve))
        if (this.failure !== undefined) throw this.failure
        const readBytes = copy(target, start, length, position)
        for (const page of this.#pages(position, length)) this.#warm.add(page)
        return readBytes
      },
    } as unknown as DiskFile
  }

  #pages(position: number, length: number): number[] {
    const pages: number[] = []
    const end = Math.min(position + length, this.bytes.length)
    for (let page = Math.floor(position / 4096); page * 4096 < end; page++) pages.push(page)
    return pages
  }
}

for (const sendsFiles of [true, false]) {
  const how = sendsFiles ? 'sent by the kernel' : 'read and written'

  async function serving(file: ColdFile, ranges: readonly (readonly [number, number])[], seed = 1) {
    const all = await connected({ seed, sendsFiles, windowBytes: 10_000 + seed * 50_000 })
    all.table.add(
      defineHandler(FetchRequest, FetchResponse, [4, 4], () => ({
        responses: [
          {
            topic: 't',
            partitions: ranges.map(([start, length]) => ({ records: file.slice(start, length) })),
          },
        ],
      })),
    )
    return all
  }

  test(`${how}: what is not in the page cache is read in the thread pool first, and comes whole`, async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = new SimRandom(seed)
      const file = new ColdFile(random.bytes(4_000_000))
      const ranges = Array.from({ length: 4 }, () => {
        const start = random.below(file.bytes.length)
        return [start, random.below(file.bytes.length - start)] as const
      })
      const { client, network, server } = await serving(file, ranges, seed)
      client.send(Buffer.concat([heartbeat(1), zeroFetch(2, 0), heartbeat(3)]))
      network.run()
      while (file.isReading) {
        await file.arrive()
        network.run()
      }
      const frames = framesIn(client.received())
      assert.equal(frames.length, 3)
      const { partitions } = bodyOf(FetchResponse, 4, frames[1]!).responses[0]!
      ranges.forEach(([start, length], i) => {
        assert.ok(partitions[i]!.records!.equals(file.bytes.subarray(start, start + length)), `seed ${seed}`)
      })
      assert.equal(file.coldReads, 0)
      assert.equal(file.released, ranges.length)
      client.end()
      network.run()
      assert.equal(server.pool.usedBytes, 0)
    }
  })

  test(`${how}: small slices of many partitions come in their order between large ones, cold or not`, async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = new SimRandom(seed)
      const file = new ColdFile(random.bytes(400_000))
      const ranges = Array.from({ length: 200 }, () => {
        const length = random.oneIn(20) ? random.below(100_000) : random.below(random.oneIn(2) ? 20_000 : 300)
        return [random.below(file.bytes.length - length), length] as const
      })
      const { client, network, server } = await serving(file, ranges, seed)
      client.send(Buffer.concat([zeroFetch(1, 0), heartbeat(2), zeroFetch(3, 0)]))
      client.reads = random.oneIn(2)
      network.run()
      while (file.isReading || client.waitingBytes > 0) {
        await file.arrive()
        client.take()
        network.run()
      }
      const frames = framesIn(client.received())
      assert.equal(frames.length, 3)
      for (const frame of [frames[0]!, frames[2]!]) {
        const { partitions } = bodyOf(FetchResponse, 4, frame).responses[0]!
        ranges.forEach(([start, length], i) => {
          assert.ok(
            partitions[i]!.records!.equals(file.bytes.subarray(start, start + length)),
            `seed ${seed}`,
          )
        })
      }
      assert.equal(file.coldReads, 0)
      assert.equal(file.released, 2 * ranges.length)
      client.end()
      network.run()
      assert.equal(server.pool.usedBytes, 0)
    }
  })

  test(`${how}: a connection whose file is cold holds up no other`, async () => {
    const file = new ColdFile(Buffer.alloc(2_000_000, 7))
    const { client, network, port } = await serving(file, [[0, file.bytes.length]])
    client.send(zeroFetch(1, 0))
    network.run()
    assert.ok(file.isReading)
    const other = network.connect(port)
    other.send(heartbeat(2))
    network.run()
    assert.equal(framesIn(other.received()).length, 1)
    assert.equal(client.isClosed, false)
  })

  test(`${how}: a client that goes while its file is read leaves nothing behind, once the read has ended`, async () => {
    const file = new ColdFile(Buffer.alloc(3_000_000, 7))
    const ranges = [
      [0, 1_500_000],
      [1_500_000, 1_500_000],
    ] as const
    const { client, network, server } = await serving(file, ranges)
    client.send(zeroFetch(1, 0))
    network.run()
    client.vanish()
    network.run()
    assert.equal(server.connectionCount, 0)
    assert.equal(file.released, 1, 'the slice that is being read is still held')
    while (file.isReading) await file.arrive()
    assert.equal(file.released, 2)
    assert.equal(server.pool.usedBytes, 0)
  })

  test(`${how}: a device that fails breaks the connection`, async () => {
    const file = new ColdFile(Buffer.alloc(1_000_000, 7))
    const { client, network, server, log } = await serving(file, [[0, 1_000_000]])
    client.send(zeroFetch(1, 0))
    network.run()
    file.failure = new DiskError('EIO', 'cold', 'EIO: i/o error')
    await file.arrive()
    network.run()
    assert.ok(client.isClosed)
    assert.ok(log.some((line) => line.startsWith('ERROR')))
    assert.equal(file.released, 1)
    assert.equal(server.pool.usedBytes, 0)
  })

  test(`${how}: a cold file that ends before its slice breaks the connection`, async () => {
    const file = new ColdFile(Buffer.alloc(1_000_000, 7))
    const { client, network, server } = await serving(file, [[0, 1_500_000]])
    client.send(zeroFetch(1, 0))
    network.run()
    while (file.isReading) {
      await file.arrive()
      network.run()
    }
    assert.ok(client.isClosed)
    assert.equal(file.released, 1)
    assert.equal(server.pool.usedBytes, 0)
  })
}
