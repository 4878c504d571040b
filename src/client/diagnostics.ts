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
 * `sluice:client:produce` and `sluice:client:consume` are tracing channels around a send and the handling of a record:
 * their context carries `topic`, `partition` and the record's `headers`, so that a tracer can write and read
 * `traceparent`.
 */
import { channel, tracingChannel } from 'node:diagnostics_channel'

export const connectionChannel = channel('sluice:client:connection')
export const requestChannel = channel('sluice:client:request')
export const metadataChannel = channel('sluice:client:metadata')
export const rebalanceChannel = channel('sluice:client:rebalance')
export const errorChannel = channel('sluice:client:error')
export const produceTracing = tracingChannel('sluice:client:produce')
export const consumeTracing = tracingChannel('sluice:client:consume')
