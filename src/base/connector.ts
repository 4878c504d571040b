/** Connections as the one that opens them sees it. What comes over them is handled as on the other side. */
import type { Socket, SocketHandler } from './network.ts'

/** What TLS needs; names and forms are those of node:tls. */
export interface TlsOptions {
  readonly ca?: string | Buffer | readonly (string | Buffer)[]
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly passphrase?: string
  /** The name that the certificate is checked against, and asked for (SNI); default: the host. */
  readonly servername?: string
  /** False: the certificate is not checked. */
  readonly rejectUnauthorized?: boolean
  readonly checkServerIdentity?: (hostname: string) => Error | undefined
}

export interface ConnectOptions {
  readonly host: string
  readonly port: number
  /** Undefined: plain TCP. */
  readonly tls: TlsOptions | undefined
  readonly timeoutMs: number
}

export interface Connector {
  /**
   * Resolves with the open connection; `handle` is called once, before anything is read. Rejects with NetworkError
   * (ECONNREFUSED, ETIMEDOUT, ENOTFOUND, a code of OpenSSL's).
   */
  connect(options: ConnectOptions, handle: (socket: Socket) => SocketHandler): Promise<Socket>
}
