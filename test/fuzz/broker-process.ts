/** The broker under test as a process of its own, started as a user starts it, with its data in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Connection } from './connection.ts'

const START_WITHIN_MS = 30_000
const STOP_WITHIN_MS = 20_000
const OUTPUT_LINES_MAX = 40

export class BrokerProcess {
  readonly port: number
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #exit: Promise<string>
  #output: string[] = []
  /** How it ended, once it has. */
  ended: string | undefined

  static async start(home: string): Promise<BrokerProcess> {
    const broker = new BrokerProcess(home, await freePort())
    await broker.#untilServing()
    return broker
  }

  private constructor(home: string, port: number) {
    this.port = port
    this.#folder = mkdtempSync(join(tmpdir(), 'sluice-fuzz-'))
    const config = join(this.#folder, 'server.properties')
    writeFileSync(
      config,
      [
        'broker.id=1',
        `listeners=PLAINTEXT://127.0.0.1:${port}`,
        `log.dirs=${join(this.#folder, 'data')}`,
        'auto.create.topics.enable=false',
        'offsets.topic.replication.factor=1',
        'log.segment.bytes=16777216',
        'log.segment.delete.delay.ms=1000',
        'log.retention.ms=-1',
        '',
      ].join('\n'),
    )
    this.#child = spawn(join(home, 'bin/kafka-server-start.sh'), [config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = [...this.#output, ...text.trimEnd().split('\n')].slice(-OUTPUT_LINES_MAX)
      })
    }
    this.#exit = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.ended = signal === null ? `exit code ${code}` : `signal ${signal}`
        resolve(this.ended)
      })
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** The last lines that it printed. */
  get output(): string {
    return this.#output.join('\n')
  }

  /** Asks it to stop and says how it ended; kills it if it doesn't. The folder is gone afterwards. */
  async stop(): Promise<string> {
    if (this.ended === undefined) this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_WITHIN_MS)
    const ended = await this.#exit
    clearTimeout(timer)
    rmSync(this.#folder, { recursive: true, force: true })
    return ended
  }

  async #untilServing(): Promise<void> {
    const deadline = Date.now() + START_WITHIN_MS
    while (this.ended === undefined && Date.now() < deadline) {
      const connection = new Connection({ host: '127.0.0.1', port: this.port })
      const isServing = await connection.connected
      connection.destroy()
      if (isServing) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const ended = this.ended ?? (await this.stop())
    throw new Error(`the broker did not start (${ended}):\n${this.output}`)
  }
}

/** Resident memory of a process in bytes; undefined where the system has no /proc, or the process is gone. */
export function residentBytes(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    return undefined
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
