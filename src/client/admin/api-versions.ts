/** Which versions of which APIs brokers have: ApiVersions, asked of each of them. */
import { ApiVersionsRequest, ApiVersionsResponse } from '../../protocol/messages/18-api-versions.ts'
import { defineApi } from '../network/api.ts'
import { SOFTWARE } from '../network/connection-pool.ts'
import { checkAnswer } from './answers.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { brokerById } from './routes.ts'

const API_VERSIONS = defineApi(ApiVersionsRequest, ApiVersionsResponse, [0, 4])

export interface ApiVersions {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

export interface BrokerApiVersions {
  readonly brokerId: number
  /** By their keys. */
  readonly apis: readonly ApiVersions[]
}

export async function describeApiVersions(
  requester: Requester,
  { timeoutMs }: AdminCallOptions,
): Promise<BrokerApiVersions[]> {
  const remainingMs = requester.countdown(timeoutMs)
  return requester.each<number, BrokerApiVersions>({
    what: 'describeApiVersions',
    things: await requester.brokerIds('describeApiVersions', timeoutMs),
    nameOf: (id) => `broker ${id}`,
    route: brokerById(requester.cluster, (id) => id),
    timeoutMs: remainingMs(),
    call: async (connection, things) => {
      const answer = await connection.call(API_VERSIONS, SOFTWARE)
      checkAnswer('describeApiVersions', answer)
      const apis = answer.apiKeys
        .map(({ apiKey, minVersion, maxVersion }) => ({ apiKey, minVersion, maxVersion }))
        .sort((a, b) => a.apiKey - b.apiKey)
      return things.map((brokerId) => ({ brokerId, apis }))
    },
  })
}
