/** Our command of the same name as Kafka's, in a process of its own, started as a user starts it. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { tied } from '../../scripts/peers/children.mjs'

const bin = fileURLToPath(new URL('../../bin/', import.meta.url))
const timeoutMs = 60_000

/**
 * @param {string} tool
 * @param {readonly string[]} args
 * @param {string} [input]
 * @returns {Promise<import('./tool-server.mjs').ToolResult>}
 */
export async function runTool(tool, args, input = '') {
  const child = tied(spawn(`${bin}${tool}.sh`, args, { stdio: 'pipe' }))
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  child.stdin.on('error', () => {}) // It may end before it has read its input.
  child.stdin.end(input)
  const exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearTimeout(timer)
  return { exitCode: Number(exitCode ?? -1), stdout, stderr }
}
