/** The lines that a producing program gets on stdin, for the programs in JavaScript. */
import { readFileSync } from 'node:fs'

const isHex = process.env.LINES === 'hex'

/** @param {string} text @returns {Buffer | null} */
const toBytes = (text) => (text === 'NULL' ? null : Buffer.from(text, isHex ? 'hex' : 'utf8'))

/** @returns {{headers: [string, Buffer][], key: Buffer | null, value: Buffer | null}[]} */
export function readRecords() {
  return readFileSync(0, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [headers = '', key = '', value = ''] = line.split('\t')
      return { headers: toHeaders(headers), key: toBytes(key), value: toBytes(value) }
    })
}

/** @param {string} text @returns {[string, Buffer][]} */
function toHeaders(text) {
  if (text === 'NULL') return []
  return text.split(',').map((pair) => {
    const colon = pair.indexOf(':')
    return [pair.slice(0, colon), Buffer.from(pair.slice(colon + 1))]
  })
}
