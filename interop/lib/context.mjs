/**
 * What the checks are given.
 * @typedef {object} Context
 * @property {import('./report.mjs').Report} report
 * @property {import('../clients/index.mjs').Client[]} clients those that this machine has
 * @property {string} bootstrap HOST:PORT of the broker under test
 * @property {'sluice' | 'apache-3.9' | 'apache-4.1' | 'running'} brokerKind
 * @property {Record<string, string>} overrides its configuration, beside what every broker of the run has
 * @property {string} folder for files of the run, removed at its end
 * @property {number} smallCount small records in a block
 * @property {(topic: string, partitions: number, configs?: Record<string, string>) => Promise<boolean>} createTopic
 *   false when it failed, which counts as a failed check
 * @property {string} [table] the matrix, printed at the end
 */
export {}
