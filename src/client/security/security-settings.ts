/** From settings to what secures a connection: TLS options, and the authenticator of the SASL mechanism. */
import { unreachable } from '../../base/assert.ts'
import type { TlsOptions } from '../../base/connector.ts'
import type { Random } from '../../base/random.ts'
import type { ClientPlatform } from '../network/open-cluster.ts'
import type { CommonSettings } from '../options/common-options.ts'
import { invalid } from '../options/option.ts'
import type { Authenticator } from './authenticator.ts'
import { oauthBearerMechanism } from './oauth-bearer.ts'
import { plainMechanism } from './plain.ts'
import { SaslAuthenticator, type SaslMechanism } from './sasl.ts'
import { scramMechanism } from './scram.ts'

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
  { random }: ClientPlatform,
): Authenticator | undefined {
  if (!settings.securityProtocol.startsWith('SASL')) return undefined
  return new SaslAuthenticator(mechanismOf(settings, random))
}

function mechanismOf(settings: CommonSettings, random: Random): SaslMechanism {
  const { saslMechanism: name, saslOauthbearerTokenProvider: provider } = settings
  switch (name) {
    case 'PLAIN': {
      const { username, password } = credentialsOf(settings)
      return plainMechanism(username, password)
    }
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512': {
      const isToken = jaasValue(settings.saslJaasConfig ?? '', 'tokenauth') === 'true'
      return scramMechanism(name, { ...credentialsOf(settings), isToken }, random)
    }
    case 'OAUTHBEARER':
      if (provider === undefined) throw invalid('sasl.oauthbearer.token.provider is missing')
      return oauthBearerMechanism(provider)
    case 'GSSAPI':
      throw invalid(
        'sasl.mechanism GSSAPI (Kerberos) is not there: name PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER',
      )
    default:
      return unreachable(name)
  }
}

function credentialsOf(settings: CommonSettings): { username: string; password: string } {
  const { saslJaasConfig = '' } = settings
  const username = settings.saslUsername ?? jaasValue(saslJaasConfig, 'username')
  const password = settings.saslPassword ?? jaasValue(saslJaasConfig, 'password')
  if (username === undefined || password === undefined) {
    throw invalid(
      `${settings.saslMechanism} needs sasl.username and sasl.password, or both in sasl.jaas.config`,
    )
  }
  return { username, password }
}

/** Of `... username="u" password="p";`. */
function jaasValue(config: string, name: string): string | undefined {
  const match = new RegExp(`\\b${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|'([^']*)'|([^\\s;"']+))`).exec(
    config,
  )
  return match?.[1]?.replaceAll(/\\(.)/g, '$1') ?? match?.[2] ?? match?.[3]
}
