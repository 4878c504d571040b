/**
 * DescribeConfigs: the configs of topics, brokers, broker loggers, groups and client metrics; null keys ask for
 * all. The isDefault of version 0 became the source of 1, which also lists synonyms (KIP-226); 3 adds type and
 * documentation (KIP-569), 4 is flexible.
 * Errors by resource: UNKNOWN_TOPIC_OR_PARTITION, INVALID_REQUEST, INVALID_TOPIC_EXCEPTION,
 * TOPIC_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, message, string, struct } from '../schema.ts'

export const DescribeConfigsRequest = message(
  'DescribeConfigsRequest',
  32,
  { versions: '0-4', flexible: '4+' },
  {
    resources: array(
      struct({
        /** 2: topic; 4: broker; 8: broker logger; 16: client metrics; 32: group. */
        resourceType: int8(),
        resourceName: string(),
        configurationKeys: array(string(), { nullable: '0+' }),
      }),
    ),
    includeSynonyms: bool('1+'),
    includeDocumentation: bool('3+'),
  },
)
export type DescribeConfigsRequest = Infer<typeof DescribeConfigsRequest>

export const DescribeConfigsResponse = message(
  'DescribeConfigsResponse',
  32,
  { versions: '0-4', flexible: '4+' },
  {
    throttleTimeMs: int32(),
    results: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+' }),
        resourceType: int8(),
        resourceName: string(),
        configs: array(
          struct({
            name: string(),
            value: string({ nullable: '0+' }),
            readOnly: bool(),
            isDefault: bool('0'),
            /** 1: topic; 2: dynamic broker; 3: dynamic default broker; 4: static broker; 5: default; 6: broker logger; 7: client metrics; 8: group. */
            configSource: int8('1+', { default: -1, ignorable: true }),
            isSensitive: bool(),
            synonyms: array(
              struct({
                name: string(),
                value: string({ nullable: '0+' }),
                source: int8(),
              }),
              '1+',
              { ignorable: true },
            ),
            configType: int8('3+', { ignorable: true }),
            documentation: string('3+', { nullable: '0+', ignorable: true }),
          }),
        ),
      }),
    ),
  },
)
export type DescribeConfigsResponse = Infer<typeof DescribeConfigsResponse>
