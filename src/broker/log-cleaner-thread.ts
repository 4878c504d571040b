/**
 * The module that a cleaner's thread of the system runs: the cleaner over the real disk and clock, and the messages in
 * and out. It is loaded by `startLogCleanerThread` and by nobody else.
 */

import type { FromCleaner, ToCleaner } from '../log/cleaner/cleaner-messages.ts'
import { CleanerRunner } from '../log/cleaner/cleaner-runner.ts'
import { SystemClock } from '../os/clock.ts'
import { SystemDisk } from '../os/disk.ts'
import { serveThread } from '../os/worker.ts'

/** How long a request to stop may wait. */
const SLICE_MS = 10

serveThread<ToCleaner, FromCleaner>((post) => {
  const runner = new CleanerRunner({
    disk: new SystemDisk(),
    clock: new SystemClock(),
    sliceMs: SLICE_MS,
    post,
  })
  return (message) => runner.receive(message)
})
