/** Waiting until a change that the controller made has come to this broker's metadata cache, where clients see it. */
import type { Clock } from '../base/clock.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'

/** Checks now, at each update of the metadata cache and whenever the caller asks; false when the time is up. */
export function waitForMetadata(
  { clock, metadataCache }: { readonly clock: Pick<Clock, 'after'>; readonly metadataCache: MetadataCache },
  timeoutMs: number,
  check: () => boolean,
  also?: (recheck: () => void) => void,
): Promise<boolean> {
  if (check()) return Promise.resolve(true)
  if (timeoutMs <= 0) return Promise.resolve(false)
  return new Promise((resolve) => {
    const finish = (result: boolean): void => {
      timer.cancel()
      stopListening()
      resolve(result)
    }
    const timer = clock.after(timeoutMs, () => finish(false))
    const recheck = (): void => {
      if (check()) finish(true)
    }
    const stopListening = metadataCache.onUpdate(recheck)
    also?.(recheck)
  })
}
