/**
 * How a connection says who it is, before anything else is asked on it.
 *
 * An authenticator runs SaslHandshake and as many rounds of SaslAuthenticate as its mechanism takes. It answers how long
 * the session lasts (KIP-368): a connection that lives longer is to authenticate anew before that.
 */
import type { BrokerConnection } from '../network/broker-connection.ts'

export interface Authenticator {
  /**
   * @returns the session's lifetime in milliseconds, 0 if it has no end. Rejects with KafkaError: AUTHENTICATION, or
   * what broke the connection.
   */
  authenticate(connection: BrokerConnection): Promise<number>
}
