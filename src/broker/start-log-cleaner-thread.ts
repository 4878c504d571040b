/** Starts a cleaner's thread of the system, from the sources or from what was built, as this module was loaded. */
import type { WorkerEvents, WorkerThread } from '../base/worker.ts'
import type { FromCleaner, ToCleaner } from '../log/cleaner/cleaner-messages.ts'
import { startThread } from '../os/worker.ts'

const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))

export function startLogCleanerThread(events: WorkerEvents<FromCleaner>): WorkerThread<ToCleaner> {
  return startThread(new URL(`./log-cleaner-thread${extension}`, import.meta.url), events)
}
