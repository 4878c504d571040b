/** The part that is the same for both requests that alter configs: each resource once, one after the other. */

import { type ConfigRefusal, invalidRequest } from '../../metadata/config/config-alteration.ts'
import type { ConfigResource } from '../../metadata/config-admin.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'

const DONE: ConfigRefusal = { errorCode: ErrorCode.NONE, errorMessage: null }

export async function alterEach<Resource extends ConfigResource>(
  resources: readonly Resource[],
  alter: (resource: Resource) => Promise<ConfigRefusal | undefined>,
): Promise<(ConfigRefusal & ConfigResource)[]> {
  const counts = new Map<string, number>()
  for (const resource of resources) counts.set(idOf(resource), (counts.get(idOf(resource)) ?? 0) + 1)
  const answers: (ConfigRefusal & ConfigResource)[] = []
  for (const resource of resources) {
    const { resourceType, resourceName } = resource
    const isOnce = counts.get(idOf(resource)) === 1
    const refusal = isOnce ? await alter(resource) : invalidRequest('Each resource must appear at most once.')
    answers.push({ ...(refusal ?? DONE), resourceType, resourceName })
  }
  return answers
}

function idOf({ resourceType, resourceName }: ConfigResource): string {
  return `${resourceType}/${resourceName}`
}
