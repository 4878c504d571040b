/**
 * Joins what tsc has built into one file for each program that a user starts, the packages of node_modules that have no
 * native code among it: Node spends a millisecond or more on finding, reading and compiling each module, and a broker has
 * hundreds (docs/performance/profiles.md). dist/ keeps the modules too, for tests and for those who import the package.
 *
 * For each program dist/bundle/ gets a small file by its name, which runs the joined one from compiled code that is kept
 * there (src/os/compiled-program.ts). Those are CommonJS, since V8 keeps no code of ES modules on Node 20. Nothing is
 * renamed or minified, and each file has its source map, by which stack traces are told in terms of the sources
 * (src/os/source-positions.ts).
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const dist = join(dirname(fileURLToPath(import.meta.url)), '../dist')
const bundle = join(dist, 'bundle')

/** By name: where it begins, and what tells runs apart that need different parts of it. */
const programs = {
  sluice: { main: 'cli/main.js', command: 'process.argv[2]' },
  'kafka-run-class': { main: 'cli/kafka-run-class.js', command: 'process.argv[2]' },
  'kafka-server-start': { main: 'cli/kafka-server-start.js', command: "''" },
}
/** Started beside a program, as `new URL('./x', import.meta.url)`. */
const threads = { 'log-cleaner-thread': 'broker/log-cleaner-thread.js' }

/** @type {import('esbuild').BuildOptions} */
const options = {
  outdir: bundle,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': '__moduleUrl' },
  banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
  plugins: [
    {
      name: 'native code stays where it is',
      setup: ({ onResolve }) => {
        onResolve({ filter: /^\.\/binding$/ }, ({ importer }) =>
          importer.includes('classic-level')
            ? { path: 'classic-level/binding.js', external: true }
            : undefined,
        )
      },
    },
  ],
}

rmSync(bundle, { recursive: true, force: true })
const joined = await build({
  ...options,
  entryPoints: Object.fromEntries(
    Object.entries(programs).map(([name, { main }]) => [name, join(dist, main)]),
  ),
  entryNames: '[name]-[hash]',
})
await build({
  ...options,
  entryPoints: Object.fromEntries(Object.entries(threads).map(([name, main]) => [name, join(dist, main)])),
})
for (const [name, { command }] of Object.entries(programs)) {
  const file = readdirSync(bundle).find((each) => each.startsWith(`${name}-`) && each.endsWith('.cjs'))
  await build({
    ...options,
    stdin: {
      contents: `import { runCompiled } from './compiled-program.js'
runCompiled(new URL('./${file}', import.meta.url), ${command})`,
      resolveDir: join(dist, 'os'),
    },
    outdir: undefined,
    outExtension: undefined,
    outfile: join(bundle, `${name}.cjs`),
    sourcemap: false,
    banner: { js: `#!/usr/bin/env node\n${options.banner?.js}` },
  })
}
writeFileSync(join(bundle, 'LICENSES.txt'), licenses(Object.keys(joined.metafile.inputs)))

/** Of the packages that were joined. @param {string[]} files */
function licenses(files) {
  const folders = new Set(
    files.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? ''),
  )
  folders.delete('')
  return [...folders].sort().map(licenseOf).join('\n')
}

/** @param {string} folder of a package */
function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(basename(each)))
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8')
  return `${name} ${version}, ${license}\n\n${text}\n`
}
