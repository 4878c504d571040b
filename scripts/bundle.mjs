/**
 * Joins what tsc has built into few files, for each program that a user starts: Node spends a millisecond or more on
 * finding and reading each module, and a broker has hundreds (docs/performance/profiles.md). What a program loads later
 * (`import()`) stays apart, and so do the packages of node_modules. dist/ keeps the modules too, for tests and for those
 * who import the package.
 *
 * Nothing is renamed or minified, and each file has its source map, by which stack traces are told in terms of the
 * sources (src/os/source-positions.ts).
 */
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist')

/** What is started, and what starts itself beside it: `new URL('./x.js', import.meta.url)` asks for it in bundle/. */
const programs = {
  'cli/main': 'cli/main.js',
  'cli/kafka-run-class': 'cli/kafka-run-class.js',
  'cli/kafka-server-start': 'cli/kafka-server-start.js',
  'bundle/log-cleaner-thread': 'broker/log-cleaner-thread.js',
}

rmSync(join(dist, 'bundle'), { recursive: true, force: true })
await build({
  entryPoints: Object.fromEntries(Object.entries(programs).map(([out, from]) => [out, join(dist, from)])),
  outdir: dist,
  chunkNames: 'bundle/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  sourcesContent: false,
  allowOverwrite: true,
  logLevel: 'warning',
})
