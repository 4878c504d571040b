/** The figures that rows give: what they are called, in which unit, and how many digits are worth printing. */

/** @typedef {{title: string, unit: string, digits: number}} Metric */

/** @type {Record<string, Metric>} */
export const metrics = {
  mbPerSecond: { title: 'throughput', unit: 'MB/s', digits: 0 },
  recordsPerSecond: { title: 'records', unit: '1/s', digits: 0 },
  requestsPerSecond: { title: 'requests', unit: '1/s', digits: 0 },
  brokerCpuPerGb: { title: 'broker CPU for a GB', unit: 's', digits: 2 },
  brokerCpuPerRecord: { title: 'broker CPU for a record', unit: 'us', digits: 2 },
  brokerCpuPerRequest: { title: 'broker CPU for a request', unit: 'us', digits: 1 },
  clientCpuPerGb: { title: 'client CPU for a GB', unit: 's', digits: 2 },
  acknowledgedP50: { title: 'acknowledged p50', unit: 'us', digits: 0 },
  acknowledgedP99: { title: 'acknowledged p99', unit: 'us', digits: 0 },
  acknowledgedP999: { title: 'acknowledged p99.9', unit: 'us', digits: 0 },
  endToEndP50: { title: 'end to end p50', unit: 'us', digits: 0 },
  endToEndP99: { title: 'end to end p99', unit: 'us', digits: 0 },
  endToEndP999: { title: 'end to end p99.9', unit: 'us', digits: 0 },
  startMs: { title: 'start to first answer', unit: 'ms', digits: 0 },
  residentMiB: { title: 'resident memory', unit: 'MiB', digits: 0 },
  residentKibEach: { title: 'memory for each', unit: 'KiB', digits: 1 },
  fileDescriptors: { title: 'file descriptors', unit: '', digits: 0 },
  idleCpuPercent: { title: 'CPU of a core when idle', unit: '%', digits: 2 },
  createMs: { title: 'time to make them', unit: 'ms', digits: 0 },
  recoveryMs: { title: 'start after SIGKILL to first answer', unit: 'ms', digits: 0 },
}

/** @param {string} name @param {number} value */
export function shown(name, value) {
  const { digits } = metricOf(name)
  if (!Number.isFinite(value)) return '-'
  return digits === 0 ? Math.round(value).toLocaleString('en') : value.toFixed(digits)
}

/** @param {string} name */
export function metricOf(name) {
  const metric = metrics[name]
  if (metric === undefined) throw new Error(`no metric ${name}`)
  return metric
}
