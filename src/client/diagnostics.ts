/**
 * What the client tells those who listen, by Node's diagnostics channels; with nobody listening it costs a comparison.
 * Nothing is logged.
 *
 *   sluice:client:connection   { state: 'open' | 'closed', clientId, nodeId, host, port, error? }
 *   sluice:client:request      { clientId, nodeId, api, version, durationMs, requestBytes, responseBytes, error? }
 *   sluice:client:metadata     { clientId, clusterId, brokerCount, topicCount }
 *   sluice:client:rebalance    { clientId, groupId, memberId, event: 'assigned' | 'revoked' | 'lost', partitions }
 *   sluice:client:error        { clientId, error }: what was dealt with in the background
 *
 * `sluice:client:produce` and `sluice:client:consume` are tracing channels around a send and the handling of a record, as
 * `for await`, `records()` and `eachRecord` hand it out:
 *
 *   sluice:client:produce      { clientId, topic, partition, headers, record }, and the record's metadata as `result`
 *   sluice:client:consume      { clientId, groupId, topic, partition, offset, headers, record }
 *
 * A tracer writes `traceparent` into the headers at the start of a send, and reads it from them at the start of the handling.
 */
import { channel, tracingChannel } from 'node:diagnostics_channel'

export const connectionChannel = channel('sluice:client:connection')
export const requestChannel = channel('sluice:client:request')
export const metadataChannel = channel('sluice:client:metadata')
export const rebalanceChannel = channel('sluice:client:rebalance')
export const errorChannel = channel('sluice:client:error')
export const produceTracing = tracingChannel('sluice:client:produce')
export const consumeTracing = tracingChannel('sluice:client:consume')
