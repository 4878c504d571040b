/**
 * kafka-consumer-groups of both releases, compared line by line with what it says over Apache Kafka in the same
 * situation: a group without members, one of the classic protocol with two, and one of the consumer protocol with one.
 *
 * What Apache Kafka 4.1 makes the tools say is kept in expected/consumer-groups.txt; `--record` writes it anew. Ids,
 * addresses and times are replaced by their names, runs of spaces by one, and lines are sorted, since the tools print
 * in the order of hash maps.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { toolCommand } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { commitFromOutside, produceEverywhere } from '../lib/group-admin.mjs'
import { GroupHistory } from '../lib/group-history.mjs'
import { GroupMember } from '../lib/group-member.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'
import { waitUntil } from '../lib/wait.mjs'

const expectedFile = fileURLToPath(new URL('../expected/consumer-groups.txt', import.meta.url))
const partitions = 3
const recordsEach = 10

/** @typedef {import('../lib/context.mjs').Context} Context */
/** @typedef {import('../clients/group-clients.mjs').GroupClient} GroupClient */

/** @param {string} text one section for each command: "== COMMAND", then its lines */
function parseExpected(text) {
  return new Map(
    text
      .split(/^== /m)
      .slice(1)
      .map((section) => {
        const end = section.indexOf('\n')
        return /** @type {[string, string]} */ ([section.slice(0, end), section.slice(end + 1).trim()])
      }),
  )
}

/** @param {string} said */
const normal = (said) =>
  said
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
    .replaceAll(/(?<=^|\s)[A-Za-z0-9_-]{22}(?=\s|$)/gm, 'UUID')
    .replaceAll(/\b(localhost|127\.0\.0\.1):\d+/g, 'ADDRESS')
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    // Stack traces and the log; what went wrong is on the line before them.
    .filter((line) => line !== '' && !/^at |^\.\.\. \d+ more|^\d{4}-\d\d-\d\d|^Caused by/.test(line))
    .sort()
    .join('\n')

/**
 * @param {Context} context
 * @param {{client: GroupClient, hasConsumerProtocol: boolean, record: boolean}} options
 */
export async function checkGroupTools(context, { client, hasConsumerProtocol, record }) {
  const expected = record ? undefined : parseExpected(readFileSync(expectedFile, 'utf8'))
  const said = await Promise.all(
    /** @type {const} */ (['3.9', '4.1']).map(async (line) => {
      const peer = await apacheKafka(line)
      if ('missing' in peer) context.report.skip(`kafka-consumer-groups ${line}`, peer.missing)
      return 'missing' in peer
        ? []
        : checkTool(context, { client, hasConsumerProtocol, expected, home: peer.path, line })
    }),
  )
  if (record) writeFileSync(expectedFile, said.flat().join('\n'))
}

/**
 * @param {Context} context
 * @param {{client: GroupClient, hasConsumerProtocol: boolean, expected: Map<string, string> | undefined, home: string,
 *   line: string}} options
 * @returns {Promise<string[]>} what was said, as sections
 */
async function checkTool({ report, bootstrap, brokerKind, createTopic }, options) {
  const { client, hasConsumerProtocol, expected, home, line } = options
  const topic = `tools-${line}`
  if (!(await createTopic(topic, partitions))) return []
  await produceEverywhere(bootstrap, topic, { partitions, recordsEach })
  const empty = `${topic}-empty`
  await commitFromOutside(bootstrap, empty, topic, [5, 10, 0])

  // DescribeGroups 6, which the tools of 4.1 use where they can, has an error for a group that isn't there (KIP-1043).
  const tellsAbsent = brokerKind !== 'apache-3.9' || line === '3.9'

  const history = new GroupHistory()
  const groups = { live: `${topic}-live`, consumer: `${topic}-consumer` }
  /** @type {string[]} */
  const sections = []
  /** @param {string} args */
  const step = (args) =>
    report.check(`kafka-consumer-groups ${line} ${args}`, async () => {
      const command = toolCommand(home, 'kafka-consumer-groups', [
        '--bootstrap-server',
        bootstrap,
        ...args.split(' '),
      ])
      const { stdout, stderr } = await runProgram(command, { okCodes: [0, 1] })
      const found = normal(`${stdout}\n${stderr}`)
      const title = `${line} ${args}`
      sections.push(`== ${title}\n${found}\n`)
      if (!expected) return
      const wanted = expected.get(title)
      expect(found === wanted, `\n--- Apache Kafka:\n${wanted}\n--- here:\n${found}\n---`)
    })

  try {
    for (const [protocol, group] of /** @type {const} */ ([
      ['classic', groups.live],
      ['consumer', groups.consumer],
    ])) {
      if (protocol === 'consumer' && !hasConsumerProtocol) continue
      // Who gets which partitions in the order of random ids is not to be compared: one member.
      const numbers = protocol === 'classic' ? [1, 2] : [1]
      const members = numbers.map(
        (number) =>
          new GroupMember(
            history,
            client,
            { bootstrap, topic, group },
            {
              name: `member-${number}`,
              options: { assignor: 'range', protocol, heartbeat: 300 },
            },
          ),
      )
      await history.stable({ partitions, members, sameGeneration: protocol === 'classic' })
      const isDone = () =>
        members.reduce((sum, { processed }) => sum + processed, 0) >= partitions * recordsEach
      await waitUntil(isDone, 'processed records')
    }
    await step(`--describe --group ${empty}`)
    await step(`--describe --group ${groups.live}`)
    await step(`--describe --group ${groups.live} --members`)
    await step(`--describe --group ${groups.live} --members --verbose`)
    await step(`--describe --group ${groups.live} --state`)
    await step(`--describe --group ${empty} --state`)
    if (tellsAbsent) await step(`--describe --group ${topic}-absent`)
    if (hasConsumerProtocol) {
      await step(`--describe --group ${groups.consumer}`)
      await step(`--describe --group ${groups.consumer} --members --verbose`)
      await step(`--describe --group ${groups.consumer} --state`)
    }
    for (const where of ['--to-earliest', '--to-latest', '--shift-by -3', '--to-offset 7', '--to-current']) {
      await step(`--reset-offsets --group ${empty} --topic ${topic} ${where} --dry-run`)
    }
    await step(`--reset-offsets --group ${empty} --topic ${topic}:0,1 --shift-by 2 --execute`)
    await step(`--reset-offsets --group ${groups.live} --topic ${topic} --to-earliest --execute`)
    await step(`--delete-offsets --group ${groups.live} --topic ${topic}`)
    await step(`--delete-offsets --group ${empty} --topic ${topic}:2`)
    await step(`--describe --group ${empty} --offsets`)
    await step(`--delete --group ${groups.live}`)
    await step(`--delete --group ${empty} --group ${topic}-absent`)
    if (tellsAbsent) await step(`--describe --group ${empty} --members`)
    await history.killAll()
    await report.check(`kafka-consumer-groups ${line} --list`, async () => {
      const list = async (/** @type {string[]} */ ...args) => {
        const command = toolCommand(home, 'kafka-consumer-groups', [
          '--bootstrap-server',
          bootstrap,
          '--list',
          ...args,
        ])
        return (await runProgram(command)).stdout
          .split('\n')
          .filter((row) => row.startsWith(topic))
          .sort()
      }
      const wanted = hasConsumerProtocol ? [groups.consumer, groups.live] : [groups.live]
      const plain = await list()
      expect(plain.join() === wanted.join(), `${plain.join()}, not ${wanted.join()}`)
      const states = (await list('--state')).map((row) => row.replaceAll(/\s+/g, ' ').trim())
      expect(
        states.length === wanted.length &&
          states.every((row) => / (Stable|Empty|PreparingRebalance)$/.test(row)),
        states.join(),
      )
      if (hasConsumerProtocol && line === '4.1') {
        const consumers = await list('--type', 'consumer')
        expect(consumers.length === 1 && consumers[0]?.startsWith(groups.consumer) === true, consumers.join())
      }
    })
  } finally {
    await history.killAll()
  }
  return sections
}
