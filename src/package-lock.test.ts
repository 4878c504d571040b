import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

interface Lock {
  readonly packages: Record<string, { readonly optionalDependencies?: Record<string, string> }>
}

test('the lock file holds every optional platform package, without which npm ci refuses it', () => {
  const path = new URL('../package-lock.json', import.meta.url)
  const { packages }: Lock = JSON.parse(readFileSync(path, 'utf8'))
  const missing = Object.values(packages)
    .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
    .filter((name) => packages[`node_modules/${name}`] === undefined)
  assert.deepEqual(missing, [], 'run: node scripts/complete-lock.mjs')
})
