/**
 * Control records: what brokers write into partitions beside the data. The key is a version (int16, 0) and a type
 * (int16); later versions may add fields behind. The marker that ends a transaction has a value of a version (int16, 0)
 * and the coordinator's epoch (int32). Layout: EndTxnMarker.json and its neighbours (KIP-98, KIP-595).
 */
export const ControlRecordType = {
  ABORT: 0,
  COMMIT: 1,
  LEADER_CHANGE: 2,
  SNAPSHOT_HEADER: 3,
  SNAPSHOT_FOOTER: 4,
  KRAFT_VERSION: 5,
  KRAFT_VOTERS: 6,
} as const

/** The type as its number; -1 for a key that is none. Types unknown here are for the caller to pass over. */
export function controlRecordType(key: Buffer | null): number {
  if (key === null || key.length < 4 || key.readInt16BE(0) < 0) return -1
  return key.readInt16BE(2)
}

export function controlRecordKey(type: number): Buffer {
  const key = Buffer.alloc(4)
  key.writeInt16BE(type, 2)
  return key
}

export function endTransactionValue(coordinatorEpoch: number): Buffer {
  const value = Buffer.alloc(6)
  value.writeInt32BE(coordinatorEpoch, 2)
  return value
}

/** The coordinator's epoch in a marker's value; -1 if it is none. */
export function coordinatorEpoch(value: Buffer | null): number {
  if (value === null || value.length < 6 || value.readInt16BE(0) < 0) return -1
  return value.readInt32BE(2)
}
