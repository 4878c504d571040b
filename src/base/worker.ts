/**
 * A thread beside the event loop, for work that would hold the loop up: it is handed messages and sends some back.
 * Messages are copied on the way (structured clone), so they hold plain data and typed arrays. The real threads are in
 * `os/`; a simulation runs the same work step by step on its clock.
 */
export interface WorkerThread<In> {
  /** In order; without effect once the thread has ended. */
  post(message: In): void
  /** Ends it wherever it is: nothing comes from it any more, not even its end. Resolves when it is gone. */
  stop(): Promise<void>
}

export interface WorkerEvents<Out> {
  onMessage(message: Out): void
  /** It ended without being asked to. */
  onDeath(error: Error): void
}

export type StartWorker<In, Out> = (events: WorkerEvents<Out>) => WorkerThread<In>
