/**
 * DescribeUserScramCredentials: which SCRAM mechanisms users have; null asks for all (KIP-554).
 * Errors by user: RESOURCE_NOT_FOUND, DUPLICATE_RESOURCE.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, message, string, struct } from '../schema.ts'

export const DescribeUserScramCredentialsRequest = message(
  'DescribeUserScramCredentialsRequest',
  50,
  { versions: '0', flexible: '0+' },
  {
    users: array(
      struct({
        name: string(),
      }),
      { nullable: '0+' },
    ),
  },
)
export type DescribeUserScramCredentialsRequest = Infer<typeof DescribeUserScramCredentialsRequest>

export const DescribeUserScramCredentialsResponse = message(
  'DescribeUserScramCredentialsResponse',
  50,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    results: array(
      struct({
        user: string(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        credentialInfos: array(
          struct({
            mechanism: int8(),
            iterations: int32(),
          }),
        ),
      }),
    ),
  },
)
export type DescribeUserScramCredentialsResponse = Infer<typeof DescribeUserScramCredentialsResponse>
