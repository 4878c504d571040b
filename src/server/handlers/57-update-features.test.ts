import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { UpdateFeaturesRequest, UpdateFeaturesResponse } from '../../protocol/messages/57-update-features.ts'
import { startTestBroker } from './handlers.test.kit.ts'

const { FEATURE_UPDATE_FAILED, INVALID_REQUEST, INVALID_UPDATE_VERSION } = ErrorCode
const client = await startTestBroker()
const UPGRADE = 1
const SAFE_DOWNGRADE = 2

async function update(version: number, feature: string, level: number, upgradeType = UPGRADE) {
  const type = version === 0 ? { allowDowngrade: upgradeType !== UPGRADE } : { upgradeType }
  return await client.call(UpdateFeaturesRequest, UpdateFeaturesResponse, version, {
    timeoutMs: 1000,
    featureUpdates: [{ feature, maxVersionLevel: level, ...type }],
    validateOnly: false,
  })
}

test('each update is refused by what is wrong with it', async () => {
  for (const version of [0, 1]) {
    const refusals: [string, number, number, number, RegExp][] = [
      ['', 1, UPGRADE, INVALID_REQUEST, /name can not be empty/],
      ['strange', 1, UPGRADE, INVALID_REQUEST, /feature is not supported/],
      ['strange', 0, SAFE_DOWNGRADE, INVALID_REQUEST, /non-existing/],
      ['group.version', 0, UPGRADE, INVALID_REQUEST, /without setting the SAFE downgradeType/],
      ['group.version', 1, UPGRADE, INVALID_REQUEST, /to the same value/],
      ['group.version', 9, UPGRADE, INVALID_REQUEST, /higher than the supported/],
      ['transaction.version', 1, UPGRADE, INVALID_REQUEST, /Can not downgrade finalized feature/],
      ['transaction.version', 1, SAFE_DOWNGRADE, FEATURE_UPDATE_FAILED, /can't be brought from level 2 to 1/],
    ]
    for (const [feature, level, type, errorCode, message] of refusals) {
      const response = await update(version, feature, level, type)
      assert.equal(response.errorCode, 0)
      assert.equal(response.results[0]?.errorCode, errorCode, `${feature} ${level}`)
      assert.match(response.results[0]?.errorMessage ?? '', message)
    }
  }
})

test('from version 2 on the first refusal stands for all', async () => {
  const response = await update(2, 'strange', 3)
  assert.deepEqual([response.errorCode, response.results], [INVALID_UPDATE_VERSION, []])
  assert.match(response.errorMessage ?? '', /^The update failed for all features since .*not supported/)
  assert.equal((await update(1, 'group.version', 1, 9)).results[0]?.errorCode, INVALID_REQUEST)
})

test('no updates are no failure', async () => {
  for (const version of [0, 1, 2]) {
    const request = { timeoutMs: 1000, featureUpdates: [], validateOnly: false }
    const response = await client.call(UpdateFeaturesRequest, UpdateFeaturesResponse, version, request)
    assert.deepEqual([response.errorCode, response.errorMessage, response.results], [0, null, []])
  }
})
