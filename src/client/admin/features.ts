/** Features: what brokers could do, and the level that the whole cluster is at (KIP-584). */
import { ApiVersionsRequest, ApiVersionsResponse } from '../../protocol/messages/18-api-versions.ts'
import { UpdateFeaturesRequest, UpdateFeaturesResponse } from '../../protocol/messages/57-update-features.ts'
import { defineApi } from '../network/api.ts'
import { SOFTWARE } from '../network/connection-pool.ts'
import type { Outcome } from '../outcomes.ts'
import { checkAnswer, inOrder, outcomeOf } from './answers.ts'
import { checkList, checkNames, checkWhole, INT16_MAX, Words } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { anyBroker, controller } from './routes.ts'

const API_VERSIONS = defineApi(ApiVersionsRequest, ApiVersionsResponse, [0, 4])
const UPDATE_FEATURES = defineApi(UpdateFeaturesRequest, UpdateFeaturesResponse, [0, 2])
/** From then on an error is one for all of them. */
const FIRST_VERSION_WITHOUT_RESULTS = 2
const FIRST_VERSION_WITH_UPGRADE_TYPES = 1

const UPGRADE_TYPES = { upgrade: 1, 'safe-downgrade': 2, 'unsafe-downgrade': 3 } as const
/** A downgrade that loses what only the higher level can keep is unsafe. */
export type FeatureUpgradeType = keyof typeof UPGRADE_TYPES
const upgradeTypes = new Words<FeatureUpgradeType>(UPGRADE_TYPES)

export interface VersionRange {
  readonly minVersion: number
  readonly maxVersion: number
}

export interface FeatureDescription {
  /** By the names of the features. */
  readonly supported: Readonly<Record<string, VersionRange>>
  readonly finalized: Readonly<Record<string, VersionRange>>
  /** Grows with every change; null: nothing is finalized. */
  readonly finalizedEpoch: number | null
}

export interface FeatureUpdate {
  readonly feature: string
  /** 0: it is not used any more. */
  readonly maxVersionLevel: number
  /** Default: upgrade. */
  readonly upgradeType?: FeatureUpgradeType | undefined
}

export interface UpdateFeaturesOptions extends AdminCallOptions {
  readonly validateOnly?: boolean | undefined
}

export async function describeFeatures(
  requester: Requester,
  { timeoutMs }: AdminCallOptions,
): Promise<FeatureDescription> {
  return requester.one({
    what: 'describeFeatures',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => {
      const answer = await connection.call(API_VERSIONS, SOFTWARE)
      checkAnswer('describeFeatures', answer)
      const { supportedFeatures, finalizedFeatures, finalizedFeaturesEpoch } = answer
      return {
        supported: Object.fromEntries(
          supportedFeatures.map(({ name, minVersion, maxVersion }) => [name, { minVersion, maxVersion }]),
        ),
        finalized: Object.fromEntries(
          finalizedFeatures.map(({ name, minVersionLevel, maxVersionLevel }) => [
            name,
            { minVersion: minVersionLevel, maxVersion: maxVersionLevel },
          ]),
        ),
        finalizedEpoch: finalizedFeaturesEpoch < 0 ? null : finalizedFeaturesEpoch,
      }
    },
  })
}

export async function updateFeatures(
  requester: Requester,
  updates: readonly FeatureUpdate[],
  { validateOnly = false, timeoutMs }: UpdateFeaturesOptions,
): Promise<void> {
  checkList('updates', updates)
  for (const { feature, maxVersionLevel } of updates)
    checkWhole(`feature ${feature}: maxVersionLevel`, maxVersionLevel, { min: 0, max: INT16_MAX })
  const nameOf = ({ feature }: FeatureUpdate): string => feature
  checkNames('updates', updates.map(nameOf))
  await requester.each<FeatureUpdate, void>({
    what: 'updateFeatures',
    things: updates,
    nameOf,
    route: controller(requester.cluster),
    timeoutMs,
    call: async (connection, things, brokerTimeoutMs) => {
      const version = connection.apis!.versionOf(UPDATE_FEATURES)
      const featureUpdates = things.map((update) => updateOf(update, version))
      const answer = await connection.call(
        UPDATE_FEATURES,
        { timeoutMs: brokerTimeoutMs, featureUpdates, validateOnly },
        { version },
      )
      checkAnswer('updateFeatures', answer)
      if (version >= FIRST_VERSION_WITHOUT_RESULTS) return things.map(() => undefined)
      const updated = new Map<string, Outcome<void>>(
        answer.results.map((each) => [each.feature, outcomeOf(`feature ${each.feature}`, each, () => {})]),
      )
      return inOrder(things, nameOf, updated)
    },
  })
}

function updateOf({ feature, maxVersionLevel, upgradeType = 'upgrade' }: FeatureUpdate, version: number) {
  const type = upgradeTypes.numberOf(`feature ${feature}: upgradeType`, upgradeType)
  return version >= FIRST_VERSION_WITH_UPGRADE_TYPES
    ? { feature, maxVersionLevel, upgradeType: type }
    : { feature, maxVersionLevel, allowDowngrade: upgradeType !== 'upgrade' }
}
