/**
 * Threads of the system: base/worker.ts over node:worker_threads.
 *
 * A thread does not keep the process alive. Its output and its memory limits are those of the process.
 */
import { parentPort, Worker } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import type { WorkerEvents, WorkerThread } from '../base/worker.ts'

/** `entry` is a module that calls `serveThread`. */
export function startThread<In, Out>(entry: URL, events: WorkerEvents<Out>): WorkerThread<In> {
  const worker = new Worker(entry)
  worker.unref()
  let isOver = false
  const die = (error: Error): void => {
    if (isOver) return
    isOver = true
    events.onDeath(error)
  }
  worker.on('message', (message: Out) => {
    if (!isOver) events.onMessage(message)
  })
  worker.on('messageerror', (error) => die(error))
  worker.on('error', (error) => die(error instanceof Error ? error : new Error(String(error))))
  worker.on('exit', (code) => die(new Error(`the thread ended with code ${code}`)))
  return {
    post: (message) => worker.postMessage(message),
    async stop() {
      isOver = true
      await worker.terminate()
    },
  }
}

/** The thread's side: `serve` is given the way back, and returns what takes the messages. */
export function serveThread<In, Out>(serve: (post: (message: Out) => void) => (message: In) => void): void {
  const port = parentPort
  assert(port !== null, 'this module runs in a thread of its own')
  const receive = serve((message) => port.postMessage(message))
  port.on('message', receive)
}
