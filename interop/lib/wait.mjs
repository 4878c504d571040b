/** Waits for what another process brings about. */

const pollMs = 50
const defaultTimeoutMs = 20_000

export const delay = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * @param {() => boolean | Promise<boolean>} condition
 * @param {string} what a noun: "no WHAT within ..."
 * @param {number} [timeoutMs]
 */
export async function waitUntil(condition, what, timeoutMs = defaultTimeoutMs) {
  const deadline = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`no ${what} within ${timeoutMs} ms`)
    await delay(pollMs)
  }
}
