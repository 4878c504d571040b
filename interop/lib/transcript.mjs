/** Reads transcripts (interop/transcripts/README.md says how they are written). */

/**
 * @typedef {object} Step
 * @property {string} command as written
 * @property {boolean} isBackground
 * @property {string[]} typed lines for its input; `^D` ends it
 * @property {string[]} expected lines
 * @property {boolean} isInterrupted once its lines have been seen
 * @property {boolean} anyOrder
 * @property {boolean} amongOthers
 * @property {boolean} withStderr
 * @property {number} exitCode
 */

/**
 * @typedef {object} Transcript
 * @property {string[]} hosts
 * @property {string[]} paths
 * @property {Map<string, string>} files contents by path
 * @property {Step[]} steps
 */

/** @param {string} text @returns {Transcript} */
export function parseTranscript(text) {
  /** @type {Transcript} */
  const transcript = { hosts: [], paths: [], files: new Map(), steps: [] }
  /** @type {string | undefined} */
  let file
  /** @type {Step | undefined} */
  let step
  for (const line of text.split('\n')) {
    const [, directive, value = ''] = /^@(host|path|file) (.*)$/.exec(line) ?? []
    if (directive === 'host') transcript.hosts.push(value)
    else if (directive === 'path') transcript.paths.push(value)
    else if (directive === 'file') file = value
    else if (file !== undefined && line.startsWith('  ')) {
      transcript.files.set(file, `${transcript.files.get(file) ?? ''}${line.slice(2)}\n`)
    } else if (line.startsWith('$ ')) {
      step = parseStep(line.slice(2))
      transcript.steps.push(step)
    } else if (line.trim() === '' || line.startsWith('# ')) {
      file = undefined
    } else if (step === undefined) {
      throw new Error(`not a line of a transcript: ${line}`)
    } else if (line.startsWith('>')) step.typed.push(line.slice(1))
    else if (line === '^C') step.isInterrupted = true
    else step.expected.push(line)
  }
  return transcript
}

/** @param {string} written @returns {Step} */
function parseStep(written) {
  const [, marks = '', rest = ''] = /^((?:\[[^\]]*\] )*)(.*)$/.exec(written) ?? []
  const isBackground = rest.endsWith(' &')
  return {
    command: isBackground ? rest.slice(0, -2) : rest,
    isBackground,
    typed: [],
    expected: [],
    isInterrupted: false,
    anyOrder: marks.includes('[any order]'),
    amongOthers: isBackground || marks.includes('[among others]'),
    withStderr: marks.includes('[stderr]'),
    exitCode: Number(/\[exit (\d+)\]/.exec(marks)?.[1] ?? 0),
  }
}

/**
 * Where what was seen differs from what the step expects; undefined: nowhere.
 * @param {Step} step @param {string[]} expected @param {string[]} seen
 * @returns {string | undefined}
 */
export function differenceOf(step, expected, seen) {
  const patterns = expected.map(patternOf)
  if (step.amongOthers) {
    const missing = expected.filter((_, i) => !seen.some((line) => patterns[i]?.test(line)))
    return missing.length === 0 ? undefined : `not seen: ${missing.join(' | ')}; seen: ${seen.join(' | ')}`
  }
  const inOrder = step.anyOrder ? sortedLike(patterns, seen) : seen
  const isSame =
    inOrder.length === expected.length && patterns.every((pattern, i) => pattern.test(inOrder[i] ?? ''))
  return isSame ? undefined : `expected: ${expected.join(' | ')}; seen: ${seen.join(' | ')}`
}

/** @param {RegExp[]} patterns @param {string[]} seen */
function sortedLike(patterns, seen) {
  const placeOf = (/** @type {string} */ line) => patterns.findIndex((pattern) => pattern.test(line))
  return [...seen].sort((a, b) => placeOf(a) - placeOf(b))
}

/** @param {string} line */
function patternOf(line) {
  const parts = line.split(/(\{[^}]*\})/).map((part) => {
    if (part === '{rest}') return '.*'
    return part.startsWith('{') ? '\\S*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`)
}
