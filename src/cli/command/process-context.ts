/** The context of a command that is this process: its streams and signals. */
import { constants } from 'node:os'
import process from 'node:process'
import type { CommandContext } from './command.ts'

/** Runs a command to the exit code of this process: that of whoever was stopped by a signal says so, as that of a JVM does. */
export async function inProcess(run: (context: CommandContext) => Promise<number>): Promise<void> {
  let stoppedBy: 'SIGINT' | 'SIGTERM' | undefined
  const context = processContext((signal) => {
    stoppedBy = signal
  })
  const exitCode = await run(context)
  process.exitCode = stoppedBy === undefined ? exitCode : 128 + constants.signals[stoppedBy]
}

function processContext(onSignal: (signal: 'SIGINT' | 'SIGTERM') => void): CommandContext {
  const stop = new AbortController()
  // The first signal asks the command to finish; another one of the kind ends the process as usual.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      onSignal(signal)
      stop.abort()
    })
  }
  // Whoever read the output has left (`... | head`): there is nothing more to do, and nothing wrong.
  process.stdout.on('error', () => stop.abort())
  process.stderr.on('error', () => {})

  const { stdout } = process
  return {
    input: process.stdin,
    isTerminal: process.stdin.isTTY === true && stdout.isTTY === true,
    stopped: stop.signal,
    note: (line) => void process.stderr.write(`${line}\n`),
    out(text) {
      if (stop.signal.aborted && stdout.destroyed) return Promise.resolve()
      if (stdout.write(text)) return Promise.resolve()
      return new Promise((resolve) => {
        const done = (): void => {
          stdout.off('drain', done)
          stdout.off('error', done)
          resolve()
        }
        stdout.once('drain', done)
        stdout.once('error', done)
      })
    },
  }
}
