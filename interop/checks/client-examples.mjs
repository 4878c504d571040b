/**
 * What users are shown: what README.md shows in TypeScript, the examples of the guide, each with a broker of its own and then
 * with the broker of the run, and the examples of tests, installed from the npm registry around the package as it would be published.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const guideFolder = join(root, 'examples', 'guide')
const testingFolder = join(root, 'examples', 'testing')
/** Inside the project, so that it resolves `sluice/client` to itself. */
const buildFolder = join(root, '.build', 'guide')
const compiler = join(root, 'node_modules', '.bin', 'tsc')
const typeRoots = join(root, 'node_modules', '@types')
const installTimeoutMs = 180_000

/** @typedef {import('../lib/context.mjs').Context} Context */

/** @param {Context} context */
export async function checkClientExamples(context) {
  await checkReadme(context)
  await checkGuide(context)
  await checkTesting(context)
}

/** Its blocks in TypeScript start a broker of their own. @param {Context} context */
async function checkReadme({ report }) {
  const folder = join(root, '.build', 'readme')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const blocks = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```/gms)
  const names = Array.from(blocks, ([, program = ''], index) => {
    writeFileSync(join(folder, `block-${index}.ts`), program)
    return `block-${index}`
  })
  const config = {
    extends: '../../examples/guide/tsconfig.json',
    compilerOptions: { noEmit: false, typeRoots: [typeRoots] },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, include: ['*.ts'] }))
  await report.check('README: what it shows in TypeScript compiles, and runs', async () => {
    expect(names.length > 0, 'it shows nothing')
    await runProgram([compiler, ['-p', folder]])
    for (const name of names)
      await runProgram([process.execPath, [join(folder, `${name}.js`)]], { timeoutMs: 30_000 })
    return `${names.length} blocks`
  })
  rmSync(folder, { recursive: true, force: true })
}

/** @param {Context} context */
async function checkGuide({ report, bootstrap, brokerKind }) {
  rmSync(buildFolder, { recursive: true, force: true })
  const isBuilt = await report.check('guide: the examples compile', () =>
    runProgram([compiler, ['-p', guideFolder, '--noEmit', 'false', '--outDir', buildFolder]]).then(() => {}),
  )
  if (!isBuilt) return
  for (const file of readdirSync(guideFolder).filter((name) => name.endsWith('.ts'))) {
    const name = basename(file, '.ts')
    const program = join(buildFolder, `${name}.js`)
    await report.check(`guide: ${name}, with a broker of its own`, () => runExample(program, []))
    await report.check(`guide: ${name}, with ${brokerKind}`, () =>
      runExample(program, ['--bootstrap-servers', bootstrap]),
    )
  }
  rmSync(buildFolder, { recursive: true, force: true })
}

/**
 * Examples check what they show, and fail if it is not so.
 * @param {string} program
 * @param {string[]} args
 */
async function runExample(program, args) {
  const { stdout } = await runProgram([process.execPath, [program, ...args]], { timeoutMs: 30_000 })
  expect(stdout.trim() !== '', 'it printed nothing')
  return stdout.trim().split('\n').at(-1)
}

/** @param {Context} context */
async function checkTesting({ report, folder }) {
  const home = join(folder, 'testing-examples')
  const examples = readdirSync(testingFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  const isInstalled = await report.check('testing: the package and the examples install', () =>
    install(home, examples),
  )
  if (!isInstalled) return
  await report.check('testing: the types that are published suit the vitest example', () =>
    runProgram([compiler, ['-p', join(home, 'vitest'), '--typeRoots', typeRoots]]).then(() => {}),
  )
  for (const name of examples) {
    await report.check(`testing: the tests of ${name} pass`, () =>
      runProgram(['npm', ['test']], { cwd: join(home, name), timeoutMs: 60_000 }).then(() => {}),
    )
  }
}

/**
 * Packs the project and installs it into all examples with one call of npm, as workspaces.
 * @param {string} home
 * @param {string[]} examples
 */
async function install(home, examples) {
  mkdirSync(home, { recursive: true })
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', home]
  const { stdout } = await runProgram(['npm', pack], { cwd: root })
  const [{ filename }] = JSON.parse(stdout)
  for (const name of examples) {
    cpSync(join(testingFolder, name), join(home, name), {
      recursive: true,
      filter: (path) => basename(path) !== 'node_modules',
    })
    const manifest = join(home, name, 'package.json')
    const text = readFileSync(manifest, 'utf8')
    expect(text.includes('"file:../../.."'), `${name} does not depend on this project`)
    writeFileSync(manifest, text.replace('"file:../../.."', `"file:${join(home, filename)}"`))
  }
  writeFileSync(join(home, 'package.json'), JSON.stringify({ private: true, workspaces: examples }))
  const options = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline']
  await runProgram(['npm', options], { cwd: home, timeoutMs: installTimeoutMs })
}
