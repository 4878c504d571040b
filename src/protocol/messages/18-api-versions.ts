/**
 * ApiVersions: which APIs and versions the broker answers. A request above our maximum is answered with
 * UNSUPPORTED_VERSION in a body of version 0 that still lists the keys, and every version's response has header 0:
 * a client that doesn't know the broker must be able to read it (KIP-511).
 * Version 3 is flexible, with the client's name and the cluster's features (KIP-584); 4 allows features whose
 * minimum is 0.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, int64, message, string, struct } from '../schema.ts'

export const ApiVersionsRequest = message(
  'ApiVersionsRequest',
  18,
  { versions: '0-4', flexible: '3+' },
  {
    clientSoftwareName: string('3+', { ignorable: true }),
    clientSoftwareVersion: string('3+', { ignorable: true }),
  },
)
export type ApiVersionsRequest = Infer<typeof ApiVersionsRequest>

export const ApiVersionsResponse = message(
  'ApiVersionsResponse',
  18,
  { versions: '0-4', flexible: '3+' },
  {
    errorCode: int16(),
    apiKeys: array(
      struct({
        apiKey: int16({ mapKey: true }),
        minVersion: int16(),
        maxVersion: int16(),
      }),
    ),
    throttleTimeMs: int32('1+', { ignorable: true }),
    supportedFeatures: array(
      struct({
        name: string({ mapKey: true }),
        minVersion: int16(),
        maxVersion: int16(),
      }),
      '3+',
      { tag: 0, tagged: '3+', ignorable: true },
    ),
    /** -1: there are no finalized features. */
    finalizedFeaturesEpoch: int64('3+', { default: -1, tag: 1, tagged: '3+', ignorable: true }),
    finalizedFeatures: array(
      struct({
        name: string({ mapKey: true }),
        maxVersionLevel: int16(),
        minVersionLevel: int16(),
      }),
      '3+',
      { tag: 2, tagged: '3+', ignorable: true },
    ),
    zkMigrationReady: bool('3+', { tag: 3, tagged: '3+', ignorable: true }),
  },
)
export type ApiVersionsResponse = Infer<typeof ApiVersionsResponse>
