const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const form = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/
const longest = 365 * units.d

/** A length of time with its unit: `'500ms'`, `'15s'`, `'5m'`, `'24h'`, `'5d'`. Never a bare number. */
export type Duration = `${number}${keyof typeof units}`

function isUnit(text: string | undefined): text is keyof typeof units {
  return text !== undefined && Object.hasOwn(units, text)
}

/**
 * The milliseconds of a duration, rounded to a whole number.
 *
 * @param name what the duration is for; it begins the error's message
 * @throws TypeError when it has another form, is negative, longer than 365 days, or above zero but below a millisecond
 */
export function parseDuration(value: string, name = 'duration'): number {
  const match = typeof value === 'string' ? form.exec(value) : null
  const unit = match?.[2]
  if (match === null || !isUnit(unit)) {
    throw new TypeError(
      `${name} must be a duration such as '500ms', '15s', '5m', '24h' or '5d', not ${shown(value)}`,
    )
  }
  const amount = Number(match[1])
  const ms = Math.round(amount * units[unit])
  if (ms > longest) throw new TypeError(`${name} must be at most 365d, not ${shown(value)}`)
  if (ms === 0 && amount > 0) {
    throw new TypeError(`${name} must be 0ms or at least 1ms, not ${shown(value)}`)
  }
  return ms
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  return typeof value === 'number' ? `the bare number ${value}` : `a value of type ${typeof value}`
}
