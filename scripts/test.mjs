/**
 * Runs the compiled tests with Node's own test runner: `node scripts/test.mjs [part of a path ...]`.
 *
 * Only tests whose source still exists are run, since a build leaves the output of removed files behind. The last
 * line reads `N passed, N failed`, with `, N skipped` where tests were skipped; the exit code is 0 if none failed.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** A test file that takes longer hangs. */
const fileTimeoutMs = 180_000

const wanted = process.argv.slice(2)
const files = testFiles().filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
if (files.length === 0) {
  console.error(
    existsSync(join(root, 'dist')) ? 'No test matches.' : 'Nothing is built: run "npm run build" first.',
  )
  finish({ passed: 0, failed: 1, skipped: 0 })
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'))
try {
  const summaryFile = join(folder, 'summary.tap')
  const exitCode = await runTests(files, summaryFile)
  const counts = readCounts(existsSync(summaryFile) ? readFileSync(summaryFile, 'utf8') : '')
  // A runner that fails without a failed test has failed all the same.
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1
  finish(counts)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Compiled test files, relative to the root. */
function testFiles() {
  const dist = join(root, 'dist')
  if (!existsSync(dist)) return []
  return readdirSync(dist, { recursive: true })
    .filter((path) => path.endsWith('.test.js'))
    .filter((path) => existsSync(join(root, 'src', path.replace(/\.js$/, '.ts'))))
    .map((path) => relative(root, join(dist, path)))
    .sort()
}

/** The exit code of the runner, which prints for people and writes the counts to `summaryFile`. */
function runTests(paths, summaryFile) {
  const runner = spawn(
    process.execPath,
    [
      '--test',
      `--test-timeout=${fileTimeoutMs}`,
      `--test-concurrency=${Math.max(2, availableParallelism() - 1)}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=tap',
      `--test-reporter-destination=${summaryFile}`,
      ...paths,
    ],
    { cwd: root, stdio: 'inherit' },
  )
  return new Promise((resolve, reject) => {
    runner.on('error', reject)
    runner.on('exit', (code, signal) => resolve(signal === null ? code : 1))
  })
}

/** TAP ends with lines such as `# pass 12`. A cancelled test did not pass. */
function readCounts(tap) {
  const count = (name) => Number(new RegExp(`^# ${name} ([0-9]+)$`, 'm').exec(tap)?.[1] ?? 0)
  return {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  }
}

function finish({ passed, failed, skipped }) {
  console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`)
  process.exitCode = failed === 0 ? 0 : 1
  if (files.length === 0) process.exit()
}
