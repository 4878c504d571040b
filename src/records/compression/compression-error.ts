/**
 * What every codec throws for input it cannot take. `corrupt`: the bytes are no such stream, or a damaged or unfinished
 * one. `too-large`: they would grow beyond the caller's limit. `unsupported`: a stream this program cannot read.
 */
export type CompressionFault = 'corrupt' | 'too-large' | 'unsupported'

export class CompressionError extends Error {
  override readonly name = 'CompressionError'
  readonly fault: CompressionFault

  constructor(fault: CompressionFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

export function tooLarge(codec: string, maxBytes: number): CompressionError {
  return new CompressionError('too-large', `${codec} data grows beyond ${maxBytes} bytes`)
}

/** For what a native codec threw: all of it means that the bytes were wrong. */
export function corrupt(codec: string, cause: unknown): CompressionError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CompressionError('corrupt', `${codec} data is corrupt: ${reason}`, { cause })
}
