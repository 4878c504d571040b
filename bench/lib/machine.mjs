/** What a benchmark ran on, and with: for its results. */
import { execFileSync } from 'node:child_process'
import os from 'node:os'
import { kafkaVersions } from '../../scripts/peers/peers.mjs'

/** @param {string} program @param {string[]} args */
function firstLineOf(program, args) {
  try {
    const output = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    return output.trim().split('\n')[0] ?? ''
  } catch {
    return 'not known'
  }
}

export function describeMachine() {
  return {
    processor: os.cpus()[0]?.model ?? 'not known',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
  }
}

export function describeVersions() {
  const broker = process.env.NODE ?? 'node'
  return {
    sluice: firstLineOf('git', ['describe', '--always', '--dirty']),
    node: firstLineOf(broker, ['--version']),
    apacheKafka: kafkaVersions['4.1'],
    java: firstLineOf('java', ['--version']),
    librdkafka: firstLineOf('pkg-config', ['--modversion', 'rdkafka']),
    compiler: firstLineOf('cc', ['--version']),
  }
}
