/**
 * ApiVersions (18), versions 0-4.
 *
 * Says which APIs and versions this broker answers: exactly those that have a handler. A version that we don't know
 * is answered in version 0 with UNSUPPORTED_VERSION and the full list, from which the client picks one (KIP-511).
 *
 * - 3 adds the client's name and version, which must look like one, or the answer is INVALID_REQUEST with no list.
 * - 3 adds the cluster's features (KIP-584), from which clients learn that they may use transaction version 2.
 * - Older clients can't read a supported feature that begins at version 0: such features are left out before 4
 *   (KIP-1022).
 */
import { features } from '../../metadata/features.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../protocol/messages/18-api-versions.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { HandlerTable } from '../dispatch.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof ApiVersionsResponse>

/** KIP-511: letters and digits, with '-' and '.' between them. */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/
const FIRST_VERSION_WITH_SOFTWARE = 3
const FIRST_VERSION_WITH_FEATURES_FROM_0 = 4

export function apiVersionsHandler(table: HandlerTable): Handler<ApiVersionsRequest, Response> {
  const advertise = (errorCode: number, version: number): Response => ({
    errorCode,
    apiKeys: table.advertised(),
    supportedFeatures: features.filter(
      ({ minVersion }) => minVersion > 0 || version >= FIRST_VERSION_WITH_FEATURES_FROM_0,
    ),
    finalizedFeaturesEpoch: 0,
    finalizedFeatures: features.map(({ name, finalizedVersion }) => ({
      name,
      maxVersionLevel: finalizedVersion,
      minVersionLevel: finalizedVersion,
    })),
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
      return advertise(ErrorCode.NONE, apiVersion)
    },
  )
  return { ...handler, unsupportedVersion: () => advertise(ErrorCode.UNSUPPORTED_VERSION, 0) }
}
