/**
 * Which ends of connections are refusals by TLS: a certificate that is not trusted, or of another name, or missing; or no
 * TLS where it was due. Trying again would not change them.
 */

/** Node's own codes, those of OpenSSL's library, and those of its verification of certificates. */
const CODES =
  /^(?:ERR_TLS_|ERR_SSL_|ERR_OSSL_|UNABLE_TO_|CERT_|CRL_|ERROR_IN_C|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/

export function isTlsFailure(error: Error | undefined): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && CODES.test(code)
}
