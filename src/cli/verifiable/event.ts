/** The events that the verifiable clients print: JSON, a line each, with the time and the name in front. */
import { platform } from '../command/connection.ts'

/** `rest`: fields that are JSON already. */
export function event(name: string, fields: object = {}, rest = ''): string {
  const json = JSON.stringify({ timestamp: platform.clock.nowMs(), name, ...fields })
  return rest === '' ? `${json}\n` : `${json.slice(0, -1)},${rest}}\n`
}
