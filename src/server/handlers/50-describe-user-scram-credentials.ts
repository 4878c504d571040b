/** DescribeUserScramCredentials (50), version 0: which SCRAM mechanisms users have, and with how many iterations. */
import {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from '../../protocol/messages/50-describe-user-scram-credentials.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof DescribeUserScramCredentialsResponse>

export function describeUserScramCredentialsHandler(
  services: BrokerServices,
): Handler<DescribeUserScramCredentialsRequest, Response> {
  return defineHandler(
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
    [0, 0],
    ({ users }) => ({
      results: services.scramCredentialAdmin.describe(users?.map(({ name }) => name) ?? null),
    }),
  )
}
