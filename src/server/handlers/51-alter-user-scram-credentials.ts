/**
 * AlterUserScramCredentials (51), version 0: sets and deletes SCRAM credentials of users (KIP-554). Any broker does it:
 * the metadata store takes care of two that change the same user.
 */
import {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from '../../protocol/messages/51-alter-user-scram-credentials.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof AlterUserScramCredentialsResponse>

export function alterUserScramCredentialsHandler(
  services: BrokerServices,
): Handler<AlterUserScramCredentialsRequest, Response> {
  return defineHandler(
    AlterUserScramCredentialsRequest,
    AlterUserScramCredentialsResponse,
    [0, 0],
    async ({ deletions, upsertions }) => ({
      results: await services.scramCredentialAdmin.alter(deletions, upsertions),
    }),
  )
}
