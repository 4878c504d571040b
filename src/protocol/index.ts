/**
 * `sluice/protocol`: Kafka's messages, errors and codecs, for programs that speak the protocol themselves.
 * A message is found by name (`ProduceRequest`) or by key (`apiByKey(0)?.request`).
 */
export { DecodeError } from '../wire/reader.ts'
export { ZERO_UUID } from '../wire/text.ts'
export { EncodeError } from '../wire/writer.ts'
export { ApiKey, apiName } from './api-keys.ts'
export type { Api } from './apis.ts'
export { APIS, apiByKey } from './apis.ts'
export { decode, decodeBytes, encode, encodeToBuffer } from './codec.ts'
export type { ErrorName } from './error-codes.ts'
export { ErrorCode, errorMessage, errorName, isRetriable } from './error-codes.ts'
export { RequestHeader, ResponseHeader, requestHeaderVersion, responseHeaderVersion } from './headers.ts'
export * from './messages.ts'
export type { Draft, Infer, Message } from './schema.ts'
