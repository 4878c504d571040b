/**
 * Enters optional platform packages that npm left out of package-lock.json. npm drops an entry when the registry it
 * asks has no such package, and `npm ci` then refuses the file, on every machine. Run it after `npm install`;
 * `src/package-lock.test.ts` says when that is due.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const path = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(path, 'utf8'))
const packages = { ...lock.packages }
for (const { optionalDependencies = {}, dev } of Object.values(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    packages[`node_modules/${name}`] ??= {
      version: range.replace(/^[\^~]/, ''),
      ...(dev && { dev }),
      optional: true,
    }
  }
}
const sorted = Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1))
writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`)
