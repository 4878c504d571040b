/** From settings to what secures a connection: TLS options, and the authenticator of the SASL mechanism. */
import type { TlsOptions } from '../../base/connector.ts'
import type { ClientPlatform } from '../network/open-cluster.ts'
import type { CommonSettings } from '../options/common-options.ts'
import { invalid } from '../options/option.ts'
import type { Authenticator } from './authenticator.ts'

/** Undefined: plain TCP. */
export function tlsOptionsOf(settings: CommonSettings): TlsOptions | undefined {
  if (!settings.securityProtocol.endsWith('SSL')) return undefined
  const {
    sslTruststoreCertificates: ca,
    sslKeystoreCertificateChain: cert,
    sslKeystoreKey: key,
    sslKeyPassword: passphrase,
  } = settings
  return {
    ...(ca === undefined ? undefined : { ca }),
    ...(cert === undefined ? undefined : { cert }),
    ...(key === undefined ? undefined : { key }),
    ...(passphrase === undefined ? undefined : { passphrase }),
    ...(settings.sslEndpointIdentificationAlgorithm === ''
      ? { checkServerIdentity: () => undefined }
      : undefined),
    ...settings.ssl,
  }
}

/** Undefined: connections need not say who they are. Throws KafkaError (INVALID_CONFIG). */
export function authenticatorOf(
  settings: CommonSettings,
  _platform: ClientPlatform,
): Authenticator | undefined {
  if (!settings.securityProtocol.startsWith('SASL')) return undefined
  throw invalid(`sasl.mechanism ${settings.saslMechanism} is not supported`)
}
