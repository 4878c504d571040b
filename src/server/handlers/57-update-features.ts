/**
 * UpdateFeatures (57), versions 0-2: asks for other levels of the cluster's features (KIP-584, KIP-778). All features
 * of this broker are in use from the start and stay so, and each update is refused by what is wrong with it. From
 * version 2 on the first refusal stands for all, with the code that Apache Kafka 4 has for each.
 */
import { features } from '../../metadata/features.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { UpdateFeaturesRequest, UpdateFeaturesResponse } from '../../protocol/messages/57-update-features.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { NOT_CONTROLLER } from './not-controller.ts'

type Response = Draft<typeof UpdateFeaturesResponse>
type FeatureUpdate = UpdateFeaturesRequest['featureUpdates'][number]
type UpgradeType = 'upgrade' | 'safeDowngrade' | 'unsafeDowngrade' | 'unknown'

export function updateFeaturesHandler(services: BrokerServices): Handler<UpdateFeaturesRequest, Response> {
  return defineHandler(
    UpdateFeaturesRequest,
    UpdateFeaturesResponse,
    [0, 2],
    ({ featureUpdates }, { apiVersion }) => {
      if (services.metadataCache.controllerId !== services.brokerId) return { ...NOT_CONTROLLER, results: [] }
      const results = featureUpdates.map((update) => {
        const { errorCode, message } = refusalOf(update, upgradeTypeOf(update, apiVersion))
        return { feature: update.feature, errorCode, errorMessage: message }
      })
      const first = results[0]
      if (apiVersion < 2 || first === undefined) return { errorMessage: null, results }
      const errorMessage = `The update failed for all features since the following feature had an error: ${first.errorMessage}`
      return { errorCode: ErrorCode.INVALID_UPDATE_VERSION, errorMessage, results: [] }
    },
  )
}

function upgradeTypeOf({ upgradeType, allowDowngrade }: FeatureUpdate, apiVersion: number): UpgradeType {
  if (apiVersion === 0) return allowDowngrade ? 'safeDowngrade' : 'upgrade'
  return ([undefined, 'upgrade', 'safeDowngrade', 'unsafeDowngrade'] as const)[upgradeType] ?? 'unknown'
}

function refusalOf(
  { feature: name, maxVersionLevel: level }: FeatureUpdate,
  type: UpgradeType,
): { errorCode: number; message: string } {
  const known = features.find((each) => each.name === name)
  const invalid = (message: string) => ({ errorCode: ErrorCode.INVALID_REQUEST, message })
  if (name === '') return invalid('Feature name can not be empty.')
  if (type === 'unknown') return invalid('Received unknown upgrade type.')
  if (level < 1 && type === 'upgrade') {
    return invalid(
      `Can not provide versionLevel: ${level} less than 1 without setting the SAFE downgradeType in the request.`,
    )
  }
  if (known === undefined) {
    return invalid(
      level < 1
        ? 'Can not delete non-existing finalized feature.'
        : 'Could not apply finalized feature update because the provided feature is not supported.',
    )
  }
  const { finalizedVersion: current } = known
  if (level === current) {
    const verb = type === 'safeDowngrade' ? 'downgrade' : 'upgrade'
    return invalid(
      `Can not ${verb} a finalized feature from existing versionLevel:${current} to the same value.`,
    )
  }
  if (level > current) {
    return invalid(
      `Could not apply finalized feature update because the provided versionLevel:${level} is higher than the supported maxVersion:${known.maxVersion}.`,
    )
  }
  if (type !== 'safeDowngrade') {
    return invalid(
      `Can not downgrade finalized feature from existing versionLevel:${current} to provided versionLevel:${level} without setting the downgradeType to SAFE in the request.`,
    )
  }
  return {
    errorCode: ErrorCode.FEATURE_UPDATE_FAILED,
    message: `The feature ${name} can't be brought from level ${current} to ${level}: this broker always uses it in full.`,
  }
}
