/**
 * What every engine of the metadata store must do, as tests: run against memory and the embedded store here, and
 * against any engine that comes. `open` gives an empty store.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  ensurePath,
  isStoreError,
  type MetadataStore,
  type StoreErrorCode,
  setOrCreate,
  type WatchEvent,
} from './metadata-store.ts'

export interface StoreUnderTest {
  connect(): MetadataStore
  /** Ends a session as the engine would for a client it has not heard from. */
  expire(store: MetadataStore): Promise<void>
  close(): Promise<void>
}

export async function failsWith(
  code: StoreErrorCode,
  call: Promise<unknown>,
  operationIndex = 0,
): Promise<void> {
  await assert.rejects(call, (error) => isStoreError(error, code) && error.operationIndex === operationIndex)
}

/** Lets everything that is due in this turn and the next happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

export function storeConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  const withStore = (
    title: string,
    run: (under: StoreUnderTest, store: MetadataStore) => Promise<void>,
  ): void => {
    test(title, async () => {
      const under = await open()
      try {
        await run(under, under.connect())
      } finally {
        await under.close()
      }
    })
  }

  describe(`metadata store: ${name}`, () => {
    withStore(
      'a created node is read back with its data, version 0 and the zxid of its creation',
      async (_, store) => {
        const { stat } = await store.create('/a', 'hello')
        const node = await store.get('/a')
        assert.equal(node?.data.toString(), 'hello')
        assert.equal(node?.stat.version, 0)
        assert.equal(node?.stat.czxid, stat.czxid)
        assert.equal(node?.stat.mzxid, stat.czxid)
        assert.equal(node?.stat.ephemeralOwner, 0)
      },
    )

    withStore('what is missing reads as undefined', async (_, store) => {
      assert.equal(await store.get('/a'), undefined)
      assert.equal(await store.exists('/a'), undefined)
      assert.equal(await store.children('/a'), undefined)
    })

    withStore(
      'creating fails for an existing node, a missing parent, and a malformed path',
      async (_, store) => {
        await store.create('/a', '')
        await failsWith('NodeExists', store.create('/a', ''))
        await failsWith('NoNode', store.create('/b/c', ''))
        for (const path of ['', 'a', '/a/', '//a', '/a/../b', '/./a']) {
          await failsWith('BadArguments', store.create(path, ''))
        }
      },
    )

    withStore('a set raises the version and refuses another expected one', async (_, store) => {
      const created = await store.create('/a', '0')
      const first = await store.set('/a', '1', 0)
      assert.equal(first.stat.version, 1)
      assert.ok(first.stat.mzxid > created.stat.czxid)
      assert.equal(first.stat.czxid, created.stat.czxid)
      await failsWith('BadVersion', store.set('/a', '2', 0))
      assert.equal((await store.set('/a', '3', -1)).stat.version, 2)
      await failsWith('NoNode', store.set('/b', '', -1))
      assert.equal((await store.get('/a'))?.data.toString(), '3')
    })

    withStore('a delete refuses another version and a node with children', async (_, store) => {
      await store.create('/a', '')
      await store.create('/a/b', '')
      await failsWith('NotEmpty', store.delete('/a', -1))
      await failsWith('BadVersion', store.delete('/a/b', 1))
      await store.delete('/a/b', 0)
      await store.delete('/a', -1)
      await failsWith('NoNode', store.delete('/a', -1))
      assert.deepEqual(await store.children('/'), [])
    })

    withStore('children and their counts follow creations and deletions', async (_, store) => {
      await store.create('/a', '')
      await store.create('/a/x', '')
      await store.create('/a/y', '')
      assert.deepEqual((await store.children('/a'))?.sort(), ['x', 'y'])
      assert.equal((await store.exists('/a'))?.numChildren, 2)
      assert.equal((await store.exists('/a'))?.cversion, 2)
      await store.delete('/a/x', -1)
      assert.deepEqual(await store.children('/a'), ['y'])
      assert.equal((await store.exists('/a'))?.numChildren, 1)
      assert.equal((await store.exists('/a'))?.cversion, 3)
    })

    withStore('sequential nodes get rising ten-digit numbers, also after deletions', async (_, store) => {
      await store.create('/q', '')
      const first = await store.create('/q/n_', '', { sequential: true })
      assert.equal(first.path, '/q/n_0000000000')
      await store.delete(first.path, -1)
      assert.equal((await store.create('/q/n_', '', { sequential: true })).path, '/q/n_0000000001')
    })

    withStore('a multi does all or nothing, and names the operation that failed', async (_, store) => {
      await store.create('/epoch', '1')
      await store.create('/a', '')
      const good = await store.multi([
        { type: 'check', path: '/epoch', expectedVersion: 0 },
        { type: 'create', path: '/a/b', data: 'x' },
        { type: 'set', path: '/a/b', data: 'y', expectedVersion: 0 },
        { type: 'delete', path: '/a/b', expectedVersion: 1 },
        { type: 'create', path: '/a/c', data: '' },
      ])
      assert.deepEqual(
        good.map((each) => each.path),
        ['/epoch', '/a/b', '/a/b', '/a/b', '/a/c'],
      )
      assert.deepEqual(await store.children('/a'), ['c'])
      const failing = store.multi([
        { type: 'create', path: '/d', data: '' },
        { type: 'set', path: '/a', data: 'changed', expectedVersion: 0 },
        { type: 'check', path: '/epoch', expectedVersion: 7 },
      ])
      await failsWith('BadVersion', failing, 2)
      assert.equal(await store.exists('/d'), undefined)
      assert.equal((await store.exists('/a'))?.version, 0)
    })

    withStore('calls take effect in their order, and a read sees the writes before it', async (_, store) => {
      const calls = [store.create('/a', '0'), store.set('/a', '1', 0), store.set('/a', '2', 1)]
      const read = store.get('/a')
      const zxids = (await Promise.all(calls)).map((each) => each.stat.mzxid)
      assert.equal((await read)?.data.toString(), '2')
      assert.deepEqual(
        zxids,
        [...zxids].sort((a, b) => a - b),
      )
      assert.equal(new Set(zxids).size, 3)
    })

    withStore(
      'an ephemeral node ends with its session, has an owner and no children',
      async (under, store) => {
        const other = under.connect()
        const { stat } = await other.create('/e', '', { ephemeral: true })
        assert.equal(stat.ephemeralOwner, other.sessionId)
        await failsWith('NoChildrenForEphemerals', other.create('/e/c', ''))
        assert.equal((await store.exists('/e'))?.ephemeralOwner, other.sessionId)
        await other.close()
        assert.equal(await store.exists('/e'), undefined)
        await failsWith('SessionExpired', other.get('/e'))
      },
    )

    withStore('an expired session is told so, and its writes are refused', async (under, store) => {
      const other = under.connect()
      const events: string[] = []
      other.onSessionEvent((event) => events.push(event))
      await other.create('/e', '', { ephemeral: true })
      await under.expire(other)
      await settle()
      assert.deepEqual(events, ['expired'])
      assert.equal(await store.exists('/e'), undefined)
      await failsWith('SessionExpired', other.create('/f', ''))
    })

    withStore('a watch fires once, for creation, data and deletion of its node', async (under, store) => {
      const writer = under.connect()
      const events: WatchEvent[] = []
      const watcher = (event: WatchEvent): void => void events.push(event)
      await store.exists('/a', watcher)
      await writer.create('/a', '')
      await writer.set('/a', '1', -1)
      await settle()
      assert.deepEqual(events.splice(0), [{ type: 'created', path: '/a' }])
      await store.get('/a', watcher)
      await writer.set('/a', '2', -1)
      await settle()
      assert.deepEqual(events.splice(0), [{ type: 'dataChanged', path: '/a' }])
      await store.get('/a', watcher)
      await store.children('/a', watcher)
      await writer.delete('/a', -1)
      await settle()
      assert.deepEqual(events.splice(0), [{ type: 'deleted', path: '/a' }])
    })

    withStore(
      'a watch of children fires for creation and deletion, not for data or grandchildren',
      async (under, store) => {
        const writer = under.connect()
        await writer.create('/a', '')
        await writer.create('/a/b', '')
        const events: WatchEvent[] = []
        const watcher = (event: WatchEvent): void => void events.push(event)
        await store.children('/a', watcher)
        await writer.set('/a', '1', -1)
        await writer.set('/a/b', '1', -1)
        await writer.create('/a/b/c', '')
        await settle()
        assert.deepEqual(events, [])
        await writer.create('/a/d', '')
        await settle()
        assert.deepEqual(events, [{ type: 'childrenChanged', path: '/a' }])
      },
    )

    withStore('watches fire in zxid order and before the answers to the writes', async (under, store) => {
      const seen: string[] = []
      await Promise.all(
        ['/a', '/b', '/c'].map((path) => store.exists(path, (event) => seen.push(event.path))),
      )
      const writer = under.connect()
      await Promise.all([
        writer.create('/c', '').then(() => seen.push('acknowledged c')),
        writer.create('/a', ''),
        writer.create('/b', ''),
      ])
      assert.deepEqual(
        seen.filter((each) => each.startsWith('/')),
        ['/c', '/a', '/b'],
      )
      assert.ok(seen.indexOf('/c') < seen.indexOf('acknowledged c'))
    })

    withStore('data beyond a mebibyte is refused', async (_, store) => {
      await failsWith('BadArguments', store.create('/big', Buffer.alloc(1024 * 1024 + 1)))
      await store.create('/big', Buffer.alloc(1024 * 1024))
    })

    withStore(
      'ensurePath makes parents and keeps what is there; setOrCreate overwrites',
      async (_, store) => {
        await ensurePath(store, '/x/y/z', 'first')
        await ensurePath(store, '/x/y/z', 'second')
        assert.equal((await store.get('/x/y/z'))?.data.toString(), 'first')
        await setOrCreate(store, '/x/y/z', 'third')
        await setOrCreate(store, '/x/new/w', 'fourth')
        assert.equal((await store.get('/x/y/z'))?.data.toString(), 'third')
        assert.equal((await store.get('/x/new/w'))?.data.toString(), 'fourth')
      },
    )

    withStore('one of many that race for a node wins', async (under) => {
      const stores = Array.from({ length: 8 }, () => under.connect())
      const outcomes = await Promise.allSettled(
        stores.map((each) => each.create('/leader', '', { ephemeral: true })),
      )
      assert.equal(outcomes.filter((each) => each.status === 'fulfilled').length, 1)
    })
  })
}
