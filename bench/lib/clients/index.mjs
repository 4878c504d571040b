/** The clients that are measured, behind one shape; each as its own documents advise where much is to be sent or read. */
import { confluent } from './confluent.mjs'
import { kafkajs } from './kafkajs.mjs'
import { platformatic } from './platformatic.mjs'
import { sluice } from './sluice.mjs'

/**
 * @typedef {object} BenchProducer acks=all, else as it comes
 * @property {(key: Buffer, value: Buffer) => unknown} recordOf a record as this client takes it
 * @property {(record: any) => Promise<unknown>} sendOne
 * @property {(records: any[]) => Promise<unknown>} sendMany
 */

/**
 * @typedef {object} BenchClient
 * @property {string} name
 * @property {(options: {bootstrapServers: string, topic: string, compression: string}) => Promise<BenchProducer>} producer
 * @property {(job: ReadJob) => Promise<void>} consume reads a topic from its beginning in a group, in batches if it can
 * @property {(job: ReadJob) => Promise<void>} each the same, one record after the other
 *
 * @typedef {{bootstrapServers: string, topic: string, groupId: string,
 *   onRecords: (count: number, bytes: number) => boolean}} ReadJob `onRecords` is true when it is enough
 */

export const clients = [sluice, kafkajs, platformatic, confluent]
