/**
 * Differences that are meant, each with its reason. A difference counts as expected if the label of its request and
 * the path within the answer match, and `when` (if there is one) holds for the two values.
 *
 * @typedef {object} Expected
 * @property {RegExp} label
 * @property {RegExp} path
 * @property {import('./cases/kit.mjs').Reference[]} [references] the brokers that differ, all unless said
 * @property {(reference: any, ours: any) => boolean} [when]
 * @property {string} reason
 */

const present = (/** @type {unknown} */ value) => value !== undefined && value !== null

/** @type {Expected[]} */
export const expected = [
  // Texts
  {
    label: /^(produce|sequences|transactional produces)/,
    path: /errorMessage$|batchIndexErrorMessage$/i,
    when: (_, ours) => present(ours),
    reason: 'we say what is wrong with records, in our own words, where Kafka mostly says nothing',
  },
  {
    label: /^(find coordinator|describe configs)/,
    path: /errorMessage$/,
    when: (reference, ours) => present(reference) && present(ours),
    reason: 'texts of errors are our own',
  },
  {
    label: /^create topics: assignment|^(delete topics: both|create partitions: empty name)/,
    path: /errorMessage$/,
    when: (_, ours) => present(ours),
    reason: 'we say what is wrong where Kafka does not, or prints a Scala collection',
  },
  {
    label: /^describe configs/,
    path: /\.documentation$/,
    when: (_, ours) => ours === null,
    reason: "Kafka's texts about its settings are not ours to copy",
  },

  // Quotas and credentials
  {
    label: /^quota refusals/,
    path: /errorMessage$/,
    references: ['zookeeper'],
    when: (reference, ours) => present(reference) && present(ours),
    reason: 'the texts are those of Kafka with KRaft',
  },
  {
    label: /^quota refusals: filter: (strange match|exactly nothing)/,
    path: /\.error(Code|Message)$/,
    when: (reference, ours) => reference === -1 || ours === 42 || !present(reference),
    reason: 'Kafka with ZooKeeper fails with UNKNOWN_SERVER_ERROR where with KRaft it refuses',
  },
  {
    label: /^quota refusals: (alter: (zero|less than zero)|nothing was set)/,
    path: /./,
    references: ['zookeeper'],
    reason: 'Kafka with ZooKeeper takes quotas that nobody can keep to, with KRaft it refuses them',
  },
  {
    label: /^quotas: all keys are there/,
    path: /producer_byte_rate\]\.value$/,
    references: ['kraft', 'kraft-4.1'],
    when: (reference, ours) => Math.abs(reference - ours) < 1e-6,
    reason: 'bytes are whole numbers, as Kafka with ZooKeeper has them',
  },
  {
    label: /^scram credentials: (two mechanisms|all|no names|in the end)/,
    path: /results\[\d+\]/,
    references: ['kraft', 'kraft-4.1'],
    reason:
      'a user may get credentials of two mechanisms at once, as with ZooKeeper and in the documentation; KRaft calls it the same credential twice',
  },
  {
    label: /^scram credentials: no name /,
    path: /errorMessage$/,
    references: ['zookeeper'],
    when: (reference, ours) => present(reference) && present(ours),
    reason: 'the text is that of Kafka with KRaft',
  },
  {
    label: /^scram credentials: no password /,
    path: /errorMessage$/,
    references: ['zookeeper'],
    when: (reference, ours) => present(reference) && ours === null,
    reason: 'it is refused without words, as with KRaft',
  },
  {
    label: /^scram credentials/,
    path: /results\[\d+\]\.errorMessage$/,
    references: ['zookeeper'],
    when: (reference, ours) => reference === '' && ours === null,
    reason: 'success has no text, as with KRaft; with ZooKeeper it has an empty one',
  },

  // Metadata and admin
  {
    label: /^(elect leaders|reassignments|update features)/,
    path: /errorMessage$/,
    references: ['kraft-4.1'],
    when: (reference, ours) => present(reference) || present(ours),
    reason: "the texts are those of Kafka 3.9 with ZooKeeper, whose controller's words differ from KRaft's",
  },
  {
    label: /^elect leaders: .*(one twice|no partitions|, all) v/,
    path: /replicaElectionResults\[[^\]]+\](\.partitionResult\[1\])?$/,
    references: ['kraft-4.1'],
    when: (_, ours) => ours === undefined,
    reason: 'each partition is told once, and topics without one not at all, as with ZooKeeper',
  },
  {
    label: /^elect leaders: .*, no time v/,
    path: /errorCode$/,
    references: ['kraft-4.1'],
    when: (reference, ours) => reference === 7 && (ours === 84 || ours === 0),
    reason: 'what needs no waiting is answered in no time',
  },
  {
    label: /^elect leaders: type (2|7|-1)/,
    path: /errorCode$/,
    references: ['kraft-4.1'],
    when: (reference, ours) => reference === 42 && ours === -1,
    reason: 'a type that nobody knows is UNKNOWN_SERVER_ERROR with ZooKeeper',
  },
  {
    label: /^reassignments: no partitions v/,
    path: /responses\[placed\]$/,
    references: ['kraft-4.1'],
    when: (_, ours) => ours === undefined,
    reason: 'topics without partitions are not answered, as with ZooKeeper',
  },
  {
    label: /^reassignments: (cancel, unknown|unknown topic, not alive)/,
    path: /errorCode$/,
    references: ['kraft-4.1'],
    when: (reference, ours) => reference === 3 && (ours === 85 || ours === 39),
    reason: 'with ZooKeeper the replicas are looked at before the partition',
  },
  {
    label: /^reassignments: as it is then/,
    path: /leaderEpoch$/,
    references: ['kraft-4.1'],
    reason: 'with ZooKeeper each order, also one that moves nothing, comes to the leader in a new epoch',
  },
  {
    label: /^update features: .* v[01]$/,
    path: /errorCode$|results\[0\]$/,
    references: ['kraft-4.1'],
    reason:
      'before version 2 Kafka 4.1 answers with an error of the whole where 3.9 has one for each feature',
  },
  {
    label: /^api versions: .* v[34]$/,
    path: /(supported|finalized)Features\[(group|transaction)\.version\]$/,
    when: (reference) => reference === undefined,
    reason: 'the features of Kafka 4.1 that are there: consumer groups of KIP-848, transaction version 2',
  },
  {
    label: /^metadata: neither v12/,
    path: /./,
    reason: 'Kafka fails with UNKNOWN_SERVER_ERROR; we answer INVALID_REQUEST for that topic',
  },
  {
    label: /^metadata: id of one, name of another v12/,
    path: /topics\[nowhere\]$/,
    reason: 'Kafka forgets topics asked for by name as soon as one is asked for by id',
  },
  {
    label: /^find coordinator: (type 2|share group key).* v6/,
    path: /errorCode$/,
    when: (reference, ours) => reference === 15 && ours === 42,
    reason:
      'there are no share groups: INVALID_REQUEST is final, COORDINATOR_NOT_AVAILABLE makes clients try for ever',
  },
  {
    label: /^describe configs: (type 16|type 32|client metrics) v/,
    path: /errorCode$|configs\[/,
    references: ['zookeeper'],
    when: (reference) => reference === 42 || reference === undefined,
    reason: 'Kafka with ZooKeeper has no configs of client metrics and groups',
  },
  {
    label: /^(alter|replace)/,
    path: /\.documentation$/,
    when: (_, ours) => ours === null,
    reason: "Kafka's texts about its settings are not ours to copy",
  },
  {
    label: /^alter .*: unknown operation/,
    path: /errorCode$|errorMessage$/,
    when: (reference) => reference === -1 || reference === null,
    reason: 'Kafka fails with UNKNOWN_SERVER_ERROR; we answer INVALID_REQUEST',
  },
  {
    label: /^alter broker configs: append to unknown/,
    path: /errorCode$|errorMessage$/,
    when: (reference) => reference === -1 || reference === null,
    reason: 'Kafka fails with UNKNOWN_SERVER_ERROR; we answer INVALID_CONFIG',
  },
  {
    label: /^alter broker configs/,
    path: /errorMessage$/,
    when: (reference, ours) =>
      present(ours) &&
      /Invalid dynamic configuration|^requirement failed|by zero|HashSet|begin 0/.test(reference),
    reason: 'the same reasons without the exceptions and collections that Kafka prints around them',
  },
  {
    label: /^alter broker configs: advertised listeners/,
    path: /errorMessage$/,
    references: ['kraft-4.1'],
    when: (_, ours) => present(ours),
    reason:
      'advertised.listeners is dynamic in 3.9 and read-only in 4.1; neither changes it while it runs, nor do we',
  },
  {
    label: /^alter broker loggers: other broker/,
    path: /errorMessage$/,
    references: ['kraft'],
    reason: 'Kafka 3.9 names the broker it is where it means the one that was asked for',
  },
  {
    label: /^alter odd configs: 33: (one resource twice|twice and another)/,
    path: /./,
    reason: 'Kafka hangs up; we refuse the resource both times, as IncrementalAlterConfigs does',
  },
  {
    label: /^(alter|replace)/,
    path: /min\.insync\.replicas\]|default/,
    references: ['kraft-4.1'],
    when: (reference) => JSON.stringify(reference ?? '').includes('min.insync.replicas') || reference === 3,
    reason: 'a cluster of Kafka 4.1 sets min.insync.replicas for all brokers when it begins',
  },
  {
    label: /^alter topic configs/,
    path: /configs\[min\.insync\.replicas\]/,
    references: ['kraft-4.1'],
    reason: 'a cluster of Kafka 4.1 sets min.insync.replicas for all brokers when it begins',
  },
  {
    label: /^replace configs: (default|broker)/,
    path: /./,
    references: ['kraft-4.1'],
    when: (reference, ours) => reference === 40 || /ELR/.test(reference) || present(ours),
    reason: 'Kafka 4.1 does not let min.insync.replicas of all brokers go while ELR is on',
  },
  {
    label: /^alter topic configs: (too small|in the end)/,
    path: /errorMessage$|configs\[message\.(timestamp\.(after|difference)\.max\.ms|downconversion\.enable|format\.version)\]/,
    references: ['kraft-4.1'],
    reason: 'the settings of topics and the smallest segment are those of Kafka 3.9',
  },
  {
    label: /^list config resources: (types|afterwards)/,
    path: /configResources/,
    references: ['kraft-4.1'],
    when: (reference, ours) => ours === undefined && reference.resourceType === 32,
    reason: 'Kafka lists groups whose configs were deleted until it starts anew',
  },
  {
    label: /^describe configs: broker.* v0/,
    path: /\.isDefault$/,
    when: (reference) => reference === false,
    reason: 'Kafka 3.9 never sets the flag of version 0',
  },
  {
    label: /^describe configs: topic.* v0/,
    path: /\.isDefault$/,
    when: (reference) => reference === false,
    reason: 'Kafka 3.9 never sets the flag of version 0',
  },
  {
    label: /^describe configs: broker/,
    path: /configs\[(zookeeper\.connect|log\.dirs)\]/,
    reason: 'the one setting that differs between the two, and folders of their own',
  },
  {
    label: /^create topics: assignment: (negative|twice|unknown broker|no brokers|negative broker) v/,
    path: /./,
    reason:
      'we refuse what can never get a leader, or names a partition twice, as KRaft does; Kafka waits for the timeout',
  },
  {
    label: /^create partitions: empty name/,
    path: /errorCode$/,
    when: (reference, ours) => reference === -1 && ours === 3,
    reason: 'Kafka fails with UNKNOWN_SERVER_ERROR',
  },
  {
    label: /^delete topics: neither/,
    path: /errorCode$/,
    reason: 'nothing to authorize: UNKNOWN_TOPIC_ID instead of TOPIC_AUTHORIZATION_FAILED',
  },
  {
    label: /^delete topics: by id v6/,
    path: /./,
    reason: "the topic was deleted by the request before; Kafka's controller still remembers its name",
  },
  {
    label: /^many partitions: (by 10,001|to 2\^31-1)/,
    path: /(errorCode|errorMessage)$/,
    when: (reference, ours) =>
      reference === -1 || ours === 'Excessively large number of partitions per request.',
    reason:
      'CreatePartitions gets the POLICY_VIOLATION that CreateTopics gets; Kafka 3.9 fails with UNKNOWN_SERVER_ERROR',
  },
  {
    label: /^describe topic partitions: empty name/,
    path: /(errorCode|topicAuthorizedOperations)$/,
    reason: 'Kafka fails with UNKNOWN_SERVER_ERROR; we say INVALID_TOPIC_EXCEPTION',
  },

  // ListOffsets
  {
    label: /^list offsets.* v0/,
    path: /oldStyleOffsets\[\d\]$/,
    reason: "version 0 goes by records' timestamps, where Kafka goes by the files' times of change",
  },
  {
    label: /^list offsets: -1 offsets v0/,
    path: /errorCode$/,
    reason: 'Kafka fails with UNKNOWN_SERVER_ERROR; we list none',
  },

  // Produce
  {
    label: /^produce, bad records: null/,
    path: /./,
    reason: 'Kafka never answers a Produce with null records; we say INVALID_RECORD',
  },
  {
    label: /^produce, bad records: (empty|one byte|11 bytes|half a header|a header|cut at its end) v[0-2]$/,
    path: /errorCode$/,
    when: (reference) => reference === 0,
    reason: 'before version 3 Kafka acknowledges records that it did not get whole, and drops them',
  },
  {
    label: /^produce, bad message sets: magic . (cut|only a half|wrapper in wrapper)/,
    path: /(errorCode|baseOffset)$/,
    reason: 'Kafka acknowledges a message set whose end is missing, and drops the end',
  },
  {
    label: /^produce, bad message sets: magic . message and batch/,
    path: /errorCode$/,
    reason: 'a batch within a message set is corrupt to us',
  },
  {
    label: /^produce, bad records: (one byte more|a batch and a half)/,
    path: /(errorCode|baseOffset|logStartOffset)$/,
    reason: 'Kafka drops what follows the batch and acknowledges all of it',
  },
  {
    label: /^produce, bad records: (says|gzip, count|garbage in|plain, consistent|record length)/,
    path: /(errorCode|baseOffset|recordErrors\[0\])$/,
    reason:
      'compressed batches are not opened without need (their checksum says the producer meant them so); what is wrong with plain ones is INVALID_RECORD and names the record',
  },
  {
    label: /^produce, bad records: (codec|length)/,
    path: /errorCode$/,
    when: (reference) => reference === -1,
    reason: 'Kafka fails with UNKNOWN_SERVER_ERROR',
  },
  {
    label: /^produce, bad records: LogAppendTime/,
    path: /(errorCode|baseOffset)$/,
    reason: 'INVALID_TIMESTAMP: the append time is not for producers to claim',
  },
  {
    label: /^produce, bad records: producer without epoch/,
    path: /(errorCode|baseOffset|logAppendTimeMs)$/,
    reason: 'a producer id without an epoch is INVALID_RECORD, as one without a sequence',
  },
  {
    label: /^produce, bad records/,
    path: /logStartOffset$/,
    when: (reference, ours) => reference === -1 && ours === 0,
    reason: 'the start of the log is told though the batch was refused before Kafka looks at the log',
  },
  {
    label: /^produce, addresses: one partition twice/,
    path: /partitionResponses/,
    reason: 'both entries are appended and answered; Kafka loses the first without a word',
  },

  {
    label: /^transactional produces: .*stale epoch v/,
    path: /logStartOffset$/,
    when: (reference, ours) => reference === 0 && ours === -1,
    reason: 'refused before the log is looked at, as Apache Kafka 4.1 does',
  },
  {
    label: /^transactional produces: .*early epoch v/,
    path: /(errorCode|baseOffset|logStartOffset)$/,
    when: (reference) => reference === 0 || reference === 2,
    reason:
      'a newer epoch than that of the open transaction is verified, as in Apache Kafka 4.1; 3.9 takes it, and can not end the transaction any more',
  },

  // Groups and offsets
  {
    label: /^offset commits: (twice|topic twice) v/,
    path: /topics/,
    references: ['zookeeper'],
    reason: 'each entry is answered where it was asked, as Apache Kafka 4.1 does; 3.9 puts them together',
  },
  {
    label: /^offset commits: generation in a new group v9$/,
    path: /errorCode$/,
    references: ['zookeeper'],
    reason:
      'GROUP_ID_NOT_FOUND, as Apache Kafka 4.1 says in this version; 3.9 with ZooKeeper: ILLEGAL_GENERATION',
  },
  {
    label: /^offset commits: more than a batch holds/,
    path: /^(28|-1)$/,
    references: ['kraft-4.1'],
    reason: 'INVALID_COMMIT_OFFSET_SIZE, as Apache Kafka 3.9; 4.1 fails with UNKNOWN_SERVER_ERROR',
  },
  {
    label: /^offset fetches: (one partition twice|one topic twice|no partitions) v/,
    path: /topics/,
    references: ['zookeeper'],
    reason: 'each entry is answered where it was asked, as Apache Kafka 4.1 does; 3.9 puts them together',
  },
  {
    label: /^offset fetches: no groups v/,
    path: /^(silent|response)$/,
    references: ['zookeeper'],
    reason: 'Apache Kafka 3.9 never answers a request for no groups',
  },
  {
    label: /^offset deletions: described without offsets/,
    path: /groupState$/,
    references: ['zookeeper'],
    reason: 'a group whose last offset was deleted stays until it expires, as in Apache Kafka 4.1',
  },
  {
    label: /^groups described: with operations/,
    path: /authorizedOperations$/,
    references: ['zookeeper'],
    reason: 'Apache Kafka 4.1 has two more operations for groups: to describe and to alter their configs',
  },
  {
    label: /^groups of one: .*describes before syncing/,
    path: /groups/,
    references: ['kraft-4.1'],
    when: (reference, ours) =>
      reference === undefined || ours === null || ['Dead', '', 69].includes(reference),
    reason:
      'the group is there; Apache Kafka 4.1 describes what is in its log, where a group comes with its first sync',
  },
  {
    label: /^groups of two: .*describes (while b joins|before the assignment)/,
    path: /memberAssignment$/,
    references: ['kraft-4.1'],
    when: (_, ours) => ours === '',
    reason: 'no assignment until there is a new one, as in Apache Kafka 3.9; 4.1 shows the one before',
  },
  {
    label: /^consumer regular expressions: an empty one/,
    path: /[aA]ssignment/,
    reason:
      'no subscription, no partitions; Apache Kafka 4.1 assigns anew when something else changes as well',
  },

  // Transactions
  {
    label: /^transactions of brokers: nothing/,
    path: /^(silent|response)$/,
    reason: 'Apache Kafka never answers a request for no transactions',
  },
  {
    label: /^transactions: .*describes when abandoned/,
    path: /transactionStartTimeMs$/,
    references: ['zookeeper'],
    reason: 'no transaction, no time of its start, as in Apache Kafka 4.1',
  },
  {
    label: /^transactions that time out: .*bumps too late/,
    path: /(errorCode|producerId|producerEpoch)$/,
    references: ['zookeeper'],
    when: (_, ours) => ours !== -1,
    reason: 'a producer whose transaction timed out may go on with its id, as in Apache Kafka 4.1 (KIP-890)',
  },

  // Fetch
  {
    label: /^fetch.* v[0-3]$/,
    path: /records\[\d+\]$/,
    when: (reference, ours) => reference === undefined && String(ours).startsWith('message'),
    reason: 'messages that became larger by down-conversion are sent whole; Kafka cuts at the size they had',
  },
  {
    label: /^fetch, offsets and limits: (negative bytes of a partition|odd isolation)/,
    path: /./,
    reason:
      'Kafka fails with UNKNOWN_SERVER_ERROR; negative sizes are none to us, and isolation levels other than 1 are 0',
  },
  {
    label: /^fetch, offsets and limits: one partition twice/,
    path: /partitions/,
    reason: 'both entries are answered; Kafka forgets the first',
  },
  {
    label: /^fetch, sessions: opens nothing for nothing/,
    path: /^response\.sessionId$/,
    reason: 'a session without partitions is of no use to anyone',
  },
]
