import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
} from '../../protocol/messages/74-list-config-resources.ts'
import { BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, replace, set, TOPIC } from './configs.test.kit.ts'
import { createTopic, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()

async function list(resourceTypes: number[], version = 1) {
  const request = version === 0 ? {} : { resourceTypes }
  const { errorCode, configResources } = await client.call(
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
    version,
    request,
  )
  return {
    errorCode,
    names: configResources.map((each) => `${each.resourceType} ${each.resourceName}`).sort(),
  }
}

test('resources are listed by type, groups and client metrics while they have configs', async () => {
  await createTopic(client, 'listed')
  const group = [GROUP!, 'a/b Grüße*'] as const
  await set(client, group, { 'consumer.session.timeout.ms': '50000' })
  await set(client, [CLIENT_METRICS!, 'metrics'], { 'interval.ms': '1000' })
  assert.deepEqual((await list([], 0)).names, ['16 metrics'])
  assert.deepEqual((await list([TOPIC!, BROKER!])).names, ['2 listed', '4 1'])
  assert.deepEqual((await list([BROKER_LOGGER!, BROKER_LOGGER!])).names, ['8 1'])
  assert.deepEqual((await list([])).names, ['16 metrics', '2 listed', '32 a/b Grüße*', '4 1', '8 1'])
  assert.deepEqual(await replace(client, group, {}), [0, null])
  assert.deepEqual((await list([GROUP!])).names, [])
})

test('a type that nobody knows is refused', async () => {
  for (const types of [[0], [99], [BROKER!, 1]]) {
    assert.deepEqual(await list(types), { errorCode: ErrorCode.UNSUPPORTED_VERSION, names: [] })
  }
})
