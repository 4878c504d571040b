/**
 * ApiVersions (18), versions 0-4.
 *
 * Says which APIs and versions this broker answers: exactly those that have a handler. A version that we don't know
 * is answered in version 0 with UNSUPPORTED_VERSION and the full list, from which the client picks one (KIP-511).
 *
 * - 3 adds the client's name and version, which must look like one, or the answer is INVALID_REQUEST with no list.
 * - Features (KIP-584) are those of a broker in ZooKeeper mode: none supported, none finalized, epoch 0.
 * - 4 allows a supported feature to begin at version 0 (KIP-1022): nothing to do here, there are no features.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../protocol/messages/18-api-versions.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { HandlerTable } from '../dispatch.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof ApiVersionsResponse>

/** KIP-511: letters and digits, with '-' and '.' between them. */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/
const FIRST_VERSION_WITH_SOFTWARE = 3

export function apiVersionsHandler(table: HandlerTable): Handler<ApiVersionsRequest, Response> {
  const advertise = (errorCode: number): Response => ({
    errorCode,
    apiKeys: table.advertised(),
    finalizedFeaturesEpoch: 0,
  })
  const handler = defineHandler(
    ApiVersionsRequest,
    ApiVersionsResponse,
    [0, 4],
    (request, { apiVersion, connection }) => {
      if (apiVersion >= FIRST_VERSION_WITH_SOFTWARE) {
        const { clientSoftwareName, clientSoftwareVersion } = request
        if (!SOFTWARE.test(clientSoftwareName) || !SOFTWARE.test(clientSoftwareVersion)) {
          return { errorCode: ErrorCode.INVALID_REQUEST }
        }
        connection.clientSoftwareName = clientSoftwareName
        connection.clientSoftwareVersion = clientSoftwareVersion
      }
      return advertise(ErrorCode.NONE)
    },
  )
  return { ...handler, unsupportedVersion: () => advertise(ErrorCode.UNSUPPORTED_VERSION) }
}
