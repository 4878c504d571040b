/** The rules of the house that a compiler does not check. The table of floors is read from ARCHITECTURE.md. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const sourceRoot = join(root, 'src')
const linesMax = 500

interface Room {
  readonly floor: number
  readonly mayImport: (room: string) => boolean
}

interface SourceFile {
  /** Below src, with slashes. */
  readonly path: string
  readonly text: string
  readonly imports: readonly { readonly specifier: string; readonly typeOnly: boolean }[]
}

/** Reads rows such as `5  controller/  election ...  <= 4, never log`; a row may run over several lines. */
function readFloors(): ReadonlyMap<string, Room> {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const table = /```\nfloor room[^\n]*\n(.*?)```/s.exec(page)?.[1]
  assert.ok(table, 'ARCHITECTURE.md has no table of floors')
  const rows = table
    .trimEnd()
    .replace(/\n {4,}/g, '  ')
    .split('\n')
  const parsed = rows.map((row) => {
    const match = /^([0-9]+|-) +([a-z]+)\/ .* {2,}(\S.*)$/.exec(row)
    assert.ok(match, `not a row of the table of floors: ${row}`)
    const [, floor = '', room = '', rule = ''] = match
    return { floor: floor === '-' ? -1 : Number(floor), room, rule: rule.trim() }
  })
  const floorOf = new Map(parsed.map(({ room, floor }) => [room, floor]))
  return new Map(parsed.map(({ room, floor, rule }) => [room, { floor, mayImport: readRule(rule, floorOf) }]))
}

function readRule(rule: string, floorOf: ReadonlyMap<string, number>): (room: string) => boolean {
  // Only tests may import a room without a floor.
  const hasFloor = (room: string): boolean => (floorOf.get(room) ?? -1) >= 0
  if (rule === '-') return () => false
  if (rule.includes('everything')) return hasFloor
  const upTo = /^<= ([0-9]+)(?:, never (.*))?$/.exec(rule)
  if (upTo !== null) {
    const never = (upTo[2] ?? '').split(/[ ,]+/)
    return (room) => hasFloor(room) && floorOf.get(room)! <= Number(upTo[1]) && !never.includes(room)
  }
  const named = rule.split(/[ ,]+/)
  for (const room of named) assert.ok(floorOf.has(room), `the table of floors names an unknown room: ${room}`)
  return (room) => named.includes(room)
}

function readSources(): readonly SourceFile[] {
  return readdirSync(sourceRoot, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const absolute = join(entry.parentPath, entry.name)
      const text = readFileSync(absolute, 'utf8')
      return { path: relative(sourceRoot, absolute).split(sep).join('/'), text, imports: importsOf(text) }
    })
}

function importsOf(text: string): SourceFile['imports'] {
  const statements = text.matchAll(
    /^(?:import|export)\s+(?:(type)\s+)?(?:[\w$*{][^'"`;]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
  )
  return [...statements].map(([, type, statically, dynamically]) => ({
    specifier: statically ?? dynamically ?? '',
    typeOnly: type === 'type',
  }))
}

/** What several tests share: `x.testing.ts`, `x.test.kit.ts`; and programs that they start: `x.test.child.ts`. */
const testSupport = /\.test(?:ing|\.kit|\.child)\.ts$/
const isTest = ({ path }: SourceFile): boolean => testSupport.test(path) || path.endsWith('.test.ts')
const roomOf = (path: string): string => path.split('/')[0] ?? ''
const isRelative = (specifier: string): boolean => specifier.startsWith('.')
const resolved = (from: SourceFile, specifier: string): string => posix.join(dirname(from.path), specifier)

const floors = readFloors()
const sources = readSources()
const product = sources.filter((source) => !isTest(source))

test('every room imports only what the table of floors lets it import', () => {
  const violations: string[] = []
  for (const source of product) {
    const room = roomOf(source.path)
    const rule = floors.get(room)
    assert.ok(rule, `${source.path} is in no room of the table of floors`)
    for (const { specifier } of source.imports.filter((each) => isRelative(each.specifier))) {
      const target = roomOf(resolved(source, specifier))
      const isHelperOfTests = testSupport.test(specifier)
      if (isHelperOfTests || (target !== room && !rule.mayImport(target)))
        violations.push(`${source.path} imports ${specifier}`)
    }
  }
  assert.deepEqual(violations, [])
})

test('only os/ touches files, sockets and processes of the machine', () => {
  const kept = /^(?:node:)?(?:fs|net|tls|child_process|dgram|http|http2|https|cluster|worker_threads)(?:\/|$)/
  const violations = product
    .filter(({ path }) => roomOf(path) !== 'os' && roomOf(path) !== 'simulator')
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => kept.test(specifier))
        .map(({ specifier }) => `${path} imports ${specifier}`),
    )
  assert.deepEqual(violations, [])
})

test('no files import each other in a circle', () => {
  const byPath = new Map(product.map((source) => [source.path, source]))
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (source: SourceFile, trail: readonly string[]): void => {
    const at = trail.indexOf(source.path)
    if (at >= 0) {
      circles.push([...trail.slice(at), source.path].join(' -> '))
      return
    }
    if (done.has(source.path)) return
    // Types are gone when the program runs, so they cannot make modules wait for each other.
    for (const { specifier } of source.imports.filter(
      (each) => isRelative(each.specifier) && !each.typeOnly,
    )) {
      const target = byPath.get(resolved(source, specifier))
      if (target !== undefined) visit(target, [...trail, source.path])
    }
    done.add(source.path)
  }
  for (const source of product) visit(source, [])
  assert.deepEqual(circles, [])
})

test(`no file is longer than ${linesMax} lines`, () => {
  const long = sources
    .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
    .filter(({ lines }) => lines > linesMax)
  assert.deepEqual(long, [])
})

test('every file of the product opens by saying what it is', () => {
  const silent = product
    .filter(({ text }) => !/^(?:#![^\n]*\n)?\/(?:\*|\/)/.test(text))
    .map(({ path }) => path)
  assert.deepEqual(silent, [])
})
