/** A member of a group in a worker thread; tells what it has and what it reads. */
import { parentPort, workerData } from 'node:worker_threads'
import { SystemClock } from '../../os/clock.ts'
import { SystemConnector } from '../../os/connector.ts'
import { SystemRandom } from '../../os/random.ts'
import { Consumer } from './consumer.ts'

const { bootstrapServers, topic, groupId } = workerData as Record<
  'bootstrapServers' | 'topic' | 'groupId',
  string
>
const platform = { clock: new SystemClock(), random: new SystemRandom(), connector: new SystemConnector() }
const consumer = new Consumer({ bootstrapServers, groupId, autoOffsetReset: 'earliest' }, platform)
const tellOwned = (): void => parentPort!.postMessage({ owned: consumer.assignment().length })
await consumer.subscribe({ topics: topic, onAssigned: tellOwned })
for await (const { partition, offset } of consumer) {
  parentPort!.postMessage({ seen: `${partition}/${offset}` })
}
