/**
 * Cuts what comes over a connection into responses. Small ones share a slab, a large one gets a buffer of its own and is
 * read straight into it. Memory is never used twice: what is decoded from it stays valid as long as it is referred to.
 */
const SLAB_BYTES = 64 * 1024
const SIZE_BYTES = 4
/** Kafka's own bound: no sane response is larger, and what claims to be is no response. */
const FRAME_BYTES_MAX = 0x7fffffff - SIZE_BYTES
/** Of a large response so much is allocated at once at most; the rest when that has come. */
const GROWTH_BYTES = 16 * 1024 * 1024

export class ResponseReader {
  readonly #onFrame: (frame: Buffer) => void
  readonly #onInvalid: (reason: string) => void
  #buffer = Buffer.allocUnsafeSlow(SLAB_BYTES)
  /** Where the frame at hand starts, and where the next byte goes. */
  #start = 0
  #end = 0

  constructor(onFrame: (frame: Buffer) => void, onInvalid: (reason: string) => void) {
    this.#onFrame = onFrame
    this.#onInvalid = onInvalid
  }

  readBuffer(): Uint8Array {
    return this.#buffer.subarray(this.#end)
  }

  onRead(byteCount: number): void {
    this.#end += byteCount
    for (;;) {
      const held = this.#end - this.#start
      if (held < SIZE_BYTES) break
      const frameBytes = this.#buffer.readInt32BE(this.#start)
      if (frameBytes < SIZE_BYTES || frameBytes > FRAME_BYTES_MAX) {
        this.#onInvalid(`a response of ${frameBytes} bytes`)
        return
      }
      const frameEnd = this.#start + SIZE_BYTES + frameBytes
      if (frameEnd > this.#end) {
        this.#makeRoom(SIZE_BYTES + frameBytes)
        return
      }
      const frame = this.#buffer.subarray(this.#start + SIZE_BYTES, frameEnd)
      this.#start = frameEnd
      this.#onFrame(frame)
    }
    this.#makeRoom(SIZE_BYTES)
  }

  /** For a frame of so many bytes, of which the first are there. */
  #makeRoom(frameBytes: number): void {
    const capacity = this.#buffer.length
    if (this.#start + frameBytes <= capacity && this.#end < capacity) return
    const held = this.#end - this.#start
    // A peer that claims much and sends little gets little.
    const wanted = Math.min(frameBytes, Math.max(held * 2, GROWTH_BYTES))
    const larger = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, wanted))
    this.#buffer.copy(larger, 0, this.#start, this.#end)
    this.#buffer = larger
    this.#start = 0
    this.#end = held
  }
}
