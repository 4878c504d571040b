/**
 * Keeps the machine's memory full of cached files, as it is on a machine that has been up for a day.
 *
 * A hypervisor may take pages back that its guest has left free for seconds (free page reporting of virtio-balloon). The
 * next file that is written then pays for each page that comes back, in the process that writes: five times what writing
 * costs by itself, on the machine this was found on. A topic that is deleted after each measurement leaves gigabytes of
 * such pages. With a full cache the kernel takes pages of old files instead, and each measurement finds the same.
 */
import { closeSync, openSync, readFileSync, readSync, truncateSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'

const chunkBytes = 2 ** 20
const stepBytes = 256 * chunkBytes

export class PageCache {
  #file
  /** Twice the memory, and read in a circle: what comes next was always read longest ago, and is no longer cached. */
  #fileBytes = Math.ceil((2 * os.totalmem()) / stepBytes) * stepBytes
  #chunk = Buffer.allocUnsafe(chunkBytes)
  #position = 0

  /** @param {string} folder for a file without blocks, of which reading costs no disk */
  constructor(folder) {
    const path = join(folder, 'page-cache')
    writeFileSync(path, '')
    truncateSync(path, this.#fileBytes)
    this.#file = openSync(path, 'r')
  }

  /** Reads until there is no memory left to take. */
  fill() {
    for (let free = freeBytes(); ; ) {
      this.#readStep()
      const freeNow = freeBytes()
      if (free - freeNow < stepBytes / 4) return
      free = freeNow
    }
  }

  close() {
    closeSync(this.#file)
  }

  #readStep() {
    for (const end = this.#position + stepBytes; this.#position < end; this.#position += chunkBytes) {
      readSync(this.#file, this.#chunk, 0, chunkBytes, this.#position)
    }
    this.#position %= this.#fileBytes
  }
}

function freeBytes() {
  const [, kib] = /^MemFree:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? []
  if (kib === undefined) throw new Error('/proc/meminfo has no MemFree')
  return Number(kib) * 1024
}
