/**
 * AlterUserScramCredentials: sets and deletes SCRAM credentials; passwords arrive salted (KIP-554).
 * Errors by user: UNSUPPORTED_SASL_MECHANISM, UNACCEPTABLE_CREDENTIAL, RESOURCE_NOT_FOUND, DUPLICATE_RESOURCE,
 * NOT_CONTROLLER.
 */
import type { Infer } from '../schema.ts'
import { array, bytes, int8, int16, int32, message, string, struct } from '../schema.ts'

export const AlterUserScramCredentialsRequest = message(
  'AlterUserScramCredentialsRequest',
  51,
  { versions: '0', flexible: '0+' },
  {
    deletions: array(
      struct({
        name: string(),
        mechanism: int8(),
      }),
    ),
    upsertions: array(
      struct({
        name: string(),
        mechanism: int8(),
        iterations: int32(),
        salt: bytes(),
        saltedPassword: bytes(),
      }),
    ),
  },
)
export type AlterUserScramCredentialsRequest = Infer<typeof AlterUserScramCredentialsRequest>

export const AlterUserScramCredentialsResponse = message(
  'AlterUserScramCredentialsResponse',
  51,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    results: array(
      struct({
        user: string(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
      }),
    ),
  },
)
export type AlterUserScramCredentialsResponse = Infer<typeof AlterUserScramCredentialsResponse>
