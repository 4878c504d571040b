/**
 * What stands in front of every request and response, and the rules for which version of it.
 *
 * The header is flexible where the message is, with two exceptions that can't be seen from the messages: the response
 * to ApiVersions always has header 0, so that a client can read it before it knows the broker (KIP-511), and version 0
 * of ControlledShutdown came before headers had a client id.
 */
import { ApiKey, isFlexible } from './api-keys.ts'
import type { Infer } from './schema.ts'
import { int16, int32, payload, string } from './schema.ts'

export const RequestHeader = payload(
  'RequestHeader',
  { versions: '0-2', flexible: '2+' },
  {
    requestApiKey: int16(),
    requestApiVersion: int16(),
    correlationId: int32(),
    /** Never compact, even in the flexible header. */
    clientId: string('1+', { nullable: '1+', ignorable: true, flexible: 'none' }),
  },
)
export type RequestHeader = Infer<typeof RequestHeader>

export const ResponseHeader = payload(
  'ResponseHeader',
  { versions: '0-1', flexible: '1+' },
  {
    correlationId: int32(),
  },
)
export type ResponseHeader = Infer<typeof ResponseHeader>

/** The version of RequestHeader in front of a request: 0, 1 or 2. For unknown keys 1, which is enough to refuse them. */
export function requestHeaderVersion(apiKey: number, apiVersion: number): number {
  if (apiKey === ApiKey.CONTROLLED_SHUTDOWN && apiVersion === 0) return 0
  return isFlexible(apiKey, apiVersion) ? 2 : 1
}

/** The version of ResponseHeader in front of a response: 0 or 1. */
export function responseHeaderVersion(apiKey: number, apiVersion: number): number {
  if (apiKey === ApiKey.API_VERSIONS) return 0
  return isFlexible(apiKey, apiVersion) ? 1 : 0
}
