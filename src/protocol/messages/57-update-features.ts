/**
 * UpdateFeatures: finalizes feature levels (KIP-584). Version 1 has upgrade types and validateOnly; from 2 on an
 * error is one for all.
 * Errors: INVALID_UPDATE_VERSION, FEATURE_UPDATE_FAILED, NOT_CONTROLLER, CLUSTER_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, message, string, struct } from '../schema.ts'

export const UpdateFeaturesRequest = message(
  'UpdateFeaturesRequest',
  57,
  { versions: '0-2', flexible: '0+' },
  {
    timeoutMs: int32({ default: 60000 }),
    featureUpdates: array(
      struct({
        feature: string({ mapKey: true }),
        maxVersionLevel: int16(),
        allowDowngrade: bool('0'),
        upgradeType: int8('1+', { default: 1 }),
      }),
    ),
    validateOnly: bool('1+'),
  },
)
export type UpdateFeaturesRequest = Infer<typeof UpdateFeaturesRequest>

export const UpdateFeaturesResponse = message(
  'UpdateFeaturesResponse',
  57,
  { versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    results: array(
      struct({
        feature: string({ mapKey: true }),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
      }),
      '0-1',
      { ignorable: true },
    ),
  },
)
export type UpdateFeaturesResponse = Infer<typeof UpdateFeaturesResponse>
