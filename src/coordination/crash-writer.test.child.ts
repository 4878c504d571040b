/** The process that embedded-store.test.ts kills: writes numbered multis and prints each number once acknowledged. */
import { EmbeddedStore } from './embedded-store.ts'
import { ensurePath, isStoreError } from './metadata-store.ts'

const [, , directory, first] = process.argv
const embedded = await EmbeddedStore.open({
  directory: directory!,
  clock: { nowMs: () => 0 },
  onFailure: (error) => {
    throw error
  },
})
const store = embedded.connect()
await ensurePath(store, '/n')
await ensurePath(store, '/m')
const write = async (n: number): Promise<void> => {
  try {
    await store.multi([
      { type: 'create', path: `/n/x${n}`, data: String(n) },
      { type: 'create', path: `/m/x${n}`, data: '' },
    ])
  } catch (error) {
    // Written by the process before, which died before it could say so.
    if (!isStoreError(error, 'NodeExists')) throw error
  }
  process.stdout.write(`${n}\n`)
}
for (let n = Number(first); ; n += 4) await Promise.all([write(n), write(n + 1), write(n + 2), write(n + 3)])
