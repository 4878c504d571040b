/**
 * SASL over Kafka's protocol: SaslHandshake names the mechanism, and its messages travel in SaslAuthenticate (KIP-43,
 * KIP-152). A mechanism is a conversation: it gives the first message, then an answer to each of the server's.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { SaslHandshakeRequest, SaslHandshakeResponse } from '../../protocol/messages/17-sasl-handshake.ts'
import {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from '../../protocol/messages/36-sasl-authenticate.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { Authenticator } from './authenticator.ts'

const SASL_HANDSHAKE = defineApi(SaslHandshakeRequest, SaslHandshakeResponse, [1, 1])
const SASL_AUTHENTICATE = defineApi(SaslAuthenticateRequest, SaslAuthenticateResponse, [0, 2])

/** One conversation. The steps throw an Error where the server's part of it is wrong. */
export interface SaslConversation {
  first(): Buffer
  /** Undefined: the conversation is over, and the server is who it should be. */
  next(challenge: Buffer): Buffer | undefined
}

export interface SaslMechanism {
  readonly name: string
  begin(): SaslConversation | Promise<SaslConversation>
}

export class SaslAuthenticator implements Authenticator {
  readonly #mechanism: SaslMechanism

  constructor(mechanism: SaslMechanism) {
    this.#mechanism = mechanism
  }

  async authenticate(connection: BrokerConnection): Promise<number> {
    const { name } = this.#mechanism
    const { errorCode, mechanisms } = await connection.call(SASL_HANDSHAKE, { mechanism: name })
    if (errorCode !== ErrorCode.NONE) {
      throw refused(`the broker does not take ${name}; it offers ${mechanisms.join(', ') || 'nothing'}`)
    }
    let conversation: SaslConversation
    try {
      conversation = await this.#mechanism.begin()
    } catch (error) {
      throw refused(`no credentials for ${name}: ${error instanceof Error ? error.message : error}`, error)
    }
    let message: Buffer | undefined = conversation.first()
    for (let lifetimeMs = 0; ; ) {
      const answer = await connection.call(SASL_AUTHENTICATE, { authBytes: message })
      if (answer.errorCode !== ErrorCode.NONE) throw refused(answer.errorMessage ?? `${name} failed`)
      lifetimeMs = answer.sessionLifetimeMs
      try {
        message = conversation.next(answer.authBytes)
      } catch (error) {
        throw refused(`${name}: ${error instanceof Error ? error.message : error}`, error)
      }
      if (message === undefined) return lifetimeMs
    }
  }
}

function refused(message: string, cause?: unknown): KafkaError {
  return new KafkaError('AUTHENTICATION', message, { cause })
}
