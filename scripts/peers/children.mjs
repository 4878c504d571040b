/**
 * Child processes that must not outlive this one, however it ends: by itself, by an error, by Ctrl-C or SIGTERM.
 */

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set()

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => process.exit(1))

/**
 * @template {import('node:child_process').ChildProcess} T
 * @param {T} child
 * @returns {T} the same child
 */
export function tied(child) {
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}
