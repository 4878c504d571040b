/**
 * Runs a joined program (scripts/bundle.mjs) with the code that V8 made of it at an earlier start: compiling is the largest
 * part of what a start takes. Node has such a cache of its own from 22.8 on only.
 *
 * The code is kept beside the program. Whoever could put something else there could change the program as well, which
 * is more than can be said of a folder for temporary files; where the folder can't be written, programs start without.
 * V8 takes the code only if its version, its flags and the length of the source are the same; the program's name has a
 * hash of what is in it. NODE_DISABLE_COMPILE_CACHE, Node's own variable, turns this off.
 */
import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'

/** By then a server has started, and what it needed for that is compiled. */
const savedAfterMs = 1000
/** Runs that need so little of the program that their code would be of no use to others. */
const briefOptions = ['--help', '--version']

type Compiled = (exports: object, require: NodeJS.Require, module: object, filename: string) => void

/**
 * @param url of the program, a CommonJS module in ASCII
 * @param command has code of its own: commands need different parts of a program that holds all of them
 */
export function runCompiled(url: URL, command = ''): void {
  const path = fileURLToPath(url)
  const isKept = process.env.NODE_DISABLE_COMPILE_CACHE === undefined
  const name = /^[\w.-]{1,64}$/.test(command) ? `${command}-` : ''
  const codePath = `${path}.${name}${process.version}-${process.arch}.code`
  const cachedData = isKept ? readIfThere(codePath) : undefined
  const source = `(function (exports, require, module, __filename) { ${readFileSync(path, 'latin1')}\n})`
  const script = new Script(source, { filename: url.href, ...(cachedData && { cachedData }) })
  const isCurrent = cachedData !== undefined && script.cachedDataRejected !== true
  if (isKept && !isCurrent && !process.argv.some((option) => briefOptions.includes(option))) {
    saveLater(script, codePath)
  }
  const compiled = script.runInThisContext() as Compiled
  compiled({}, createRequire(url), {}, path)
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/** Once the program has run for a while, or at its end if all went well. */
function saveLater(script: Script, path: string): void {
  let isSaved = false
  const saveOnce = (): void => {
    if (!isSaved) save(script, path)
    isSaved = true
  }
  setTimeout(saveOnce, savedAfterMs).unref()
  process.once('exit', (code) => {
    if (code === 0) saveOnce()
  })
}

/** In one step, synced before: V8 trusts what it finds. */
function save(script: Script, path: string): void {
  const unfinished = `${path}.${process.pid}`
  try {
    const file = openSync(unfinished, 'wx')
    try {
      writeFileSync(file, script.createCachedData())
      fdatasyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(unfinished, path)
  } catch {
    // It can't be written here, or the disk is full: the next start compiles again.
    rmSync(unfinished, { force: true })
  }
}
