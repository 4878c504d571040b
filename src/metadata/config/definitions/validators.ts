/** Checks that single keys need. The general ones are in config-def.ts. */
import type { ConfigValue, Validator } from '../config-def.ts'

function textsOf(value: ConfigValue): readonly string[] {
  if (Array.isArray(value)) return value
  return typeof value === 'string' ? [value] : []
}

export const nonNull: Validator = {
  description: 'non-null string',
  check: (value) => (value === null ? 'entry must be non null' : undefined),
}

export const gzipLevel: Validator = {
  description: '[1,...,9] or -1',
  check(value) {
    if (typeof value !== 'number') return 'Value must be non-null'
    return value === -1 || (value >= 1 && value <= 9)
      ? undefined
      : 'Value must be between 1 and 9 or equal to -1'
  },
}

/** -1 (as remote.log.manager.thread.pool.size) or a positive number. */
export const threadPoolSize: Validator = {
  description:
    'The default value of -1 means that this will be set to the configured value of remote.log.manager.thread.pool.size, if available; otherwise, it defaults to 10.',
  check(value) {
    return typeof value === 'number' && (value === -1 || value > 0)
      ? undefined
      : 'Value can be -1 or greater than 0'
  },
}

export const throttledReplicas: Validator = {
  description: '[partitionId]:[brokerId],[partitionId]:[brokerId],...',
  check(value, name) {
    const given = textsOf(value)
    if (given.join('') === '*' || given.every((each) => /^(?:[0-9]+:[0-9]+)?$/.test(each))) return undefined
    return `${name} must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...`
  },
}

export const quorumVoters: Validator = {
  description: 'non-empty list',
  check(value) {
    const bad = textsOf(value).find((voter) => !/^-?[0-9]+@[^@]+:[0-9]+$/.test(voter))
    return bad === undefined ? undefined : `${bad} does not read as {id}@{host}:{port}`
  },
}

export const quorumBootstrapServers: Validator = {
  description: 'non-empty list',
  check(value) {
    const bad = textsOf(value).find((server) => !/^.+:[0-9]+$/.test(server))
    return bad === undefined ? undefined : `${bad} does not read as {host}:{port}`
  },
}

/** Every release that inter.broker.protocol.version may name, oldest first. */
const metadataVersions = [
  '0.8.0 0.8.1 0.8.2 0.9.0 0.10.0-IV0 0.10.0-IV1 0.10.1-IV0 0.10.1-IV1 0.10.1-IV2 0.10.2-IV0',
  '0.11.0-IV0 0.11.0-IV1 0.11.0-IV2 1.0-IV0 1.1-IV0 2.0-IV0 2.0-IV1 2.1-IV0 2.1-IV1 2.1-IV2 2.2-IV0 2.2-IV1',
  '2.3-IV0 2.3-IV1 2.4-IV0 2.4-IV1 2.5-IV0 2.6-IV0 2.7-IV0 2.7-IV1 2.7-IV2 2.8-IV0 2.8-IV1 3.0-IV0 3.0-IV1',
  '3.1-IV0 3.2-IV0 3.3-IV0 3.3-IV1 3.3-IV2 3.3-IV3 3.4-IV0 3.5-IV0 3.5-IV1 3.5-IV2 3.6-IV0 3.6-IV1 3.6-IV2',
  '3.7-IV0 3.7-IV1 3.7-IV2 3.7-IV3 3.7-IV4 3.8-IV0 3.9-IV0 4.0-IV0 4.0-IV1',
].join(' ')

export const metadataVersion: Validator = {
  description: `[${metadataVersions.replaceAll(' ', ', ')}]`,
  check(value) {
    const [given = ''] = textsOf(value)
    // The patch number is left out of account, and a release without an IV means its last one.
    const parts = given.split('.').slice(0, given.startsWith('0.') ? 3 : 2)
    const known = metadataVersions.split(' ').some((version) => {
      const release = version.slice(0, version.includes('-') ? version.indexOf('-') : undefined)
      return version === parts.join('.') || release === parts.join('.')
    })
    return known ? undefined : `Version ${given} is not a valid version`
  },
}
