/** message.timestamp.type=LogAppendTime: every reader sees the broker's clock, whatever the producer stamped. */
import { prepareBlocks, produceBlocks, readBlocks } from './exchange.mjs'

const smallCount = 20

/** @param {import('../lib/context.mjs').Context} context */
export async function checkLogAppendTime(context) {
  const blocks = prepareBlocks(context, 'append-time', smallCount, false)
  // gzip: the broker must stamp a batch that it would rather not open.
  for (const codec of /** @type {const} */ (['none', 'gzip'])) {
    const topic = `append-time-${codec}`
    if (!(await context.createTopic(topic, 1, { 'message.timestamp.type': 'LogAppendTime' }))) return
    const written = await produceBlocks(context, { topic, codec, blocks })
    await readBlocks(context, { topic, codec, written, timestampType: 'LogAppendTime' })
  }
}
