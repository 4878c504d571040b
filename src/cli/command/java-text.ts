/** Numbers as Java writes them. */

/** Double.toString: `1.0`, `1.0E10`, `1.0E-5`. */
export function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
  return javaDecimal(value, String)
}

/** Float.toString: the shortest digits that are this float. */
export function javaFloat(value: number): string {
  if (!Number.isFinite(value)) return javaDouble(value)
  return javaDecimal(value, (each) => {
    for (let digits = 1; digits < 9; digits++) {
      const text = each.toPrecision(digits)
      if (Math.fround(Number(text)) === each) return String(Number(text))
    }
    return String(Number(each.toPrecision(9)))
  })
}

function javaDecimal(value: number, shortest: (value: number) => string): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const size = Math.abs(value)
  if (size >= 1e-3 && size < 1e7) {
    const text = shortest(value)
    return text.includes('.') ? text : `${text}.0`
  }
  const [mantissa = '', exponent = '0'] = Number(shortest(value)).toExponential().split('e')
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`
}
