import assert from 'node:assert/strict'
import {
  DescribeConfigsRequest,
  DescribeConfigsResponse,
} from '../../protocol/messages/32-describe-configs.ts'
import { AlterConfigsRequest, AlterConfigsResponse } from '../../protocol/messages/33-alter-configs.ts'
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../protocol/messages/44-incremental-alter-configs.ts'
import type { TestClient } from './handlers.test.kit.ts'

/** Requests about the configs of one resource. */

export const [TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP] = [2, 4, 8, 16, 32]
export const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3]

export type Resource = readonly [type: number, name: string]
export type Operation = readonly [configOperation: number, name: string, value: string | null]

/** @returns error code and message */
export async function alter(
  client: TestClient,
  [resourceType, resourceName]: Resource,
  operations: readonly Operation[],
  { version = 1, validateOnly = false } = {},
): Promise<[number, string | null]> {
  const configs = operations.map(([configOperation, name, value]) => ({ configOperation, name, value }))
  const { responses } = await client.call(
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
    version,
    { resources: [{ resourceType, resourceName, configs }], validateOnly },
  )
  assert.equal(responses.length, 1)
  assert.deepEqual([responses[0]!.resourceType, responses[0]!.resourceName], [resourceType, resourceName])
  return [responses[0]!.errorCode, responses[0]!.errorMessage]
}

export async function replace(
  client: TestClient,
  [resourceType, resourceName]: Resource,
  entries: Readonly<Record<string, string | null>>,
  { version = 2, validateOnly = false } = {},
): Promise<[number, string | null]> {
  const configs = Object.entries(entries).map(([name, value]) => ({ name, value }))
  const { responses } = await client.call(AlterConfigsRequest, AlterConfigsResponse, version, {
    resources: [{ resourceType, resourceName, configs }],
    validateOnly,
  })
  return [responses[0]!.errorCode, responses[0]!.errorMessage]
}

/** Sets, and expects no objection. */
export async function set(
  client: TestClient,
  resource: Resource,
  entries: Readonly<Record<string, string>>,
): Promise<void> {
  const operations = Object.entries(entries).map(([name, value]) => [SET, name, value] as const)
  assert.deepEqual(await alter(client, resource, operations), [0, null])
}

export async function describe(client: TestClient, [resourceType, resourceName]: Resource, keys?: string[]) {
  const { results } = await client.call(DescribeConfigsRequest, DescribeConfigsResponse, 4, {
    resources: [{ resourceType, resourceName, configurationKeys: keys ?? null }],
    includeSynonyms: true,
  })
  return results[0]!
}

/** What one config is, and where that comes from. */
export async function configOf(
  client: TestClient,
  resource: Resource,
  name: string,
): Promise<[string | null, number] | undefined> {
  const { configs } = await describe(client, resource, [name])
  return configs[0] && [configs[0].value, configs[0].configSource]
}
