const iso = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/

/**
 * Milliseconds since the Unix epoch of a `Date`, or of a date or a time with its zone in ISO 8601 (`2026-01-31`, `2026-01-31T12:00:00Z`);
 * undefined for anything else. `Date.parse` alone reads `'1'` as a day of 2001, local times, and the 30th of February.
 */
export function parseTime(value: unknown): number | undefined {
  if (value instanceof Date) return finite(value.getTime())
  const day = typeof value === 'string' ? iso.exec(value)?.[1] : undefined
  if (typeof value !== 'string' || day === undefined || !isDay(day)) return undefined
  return finite(Date.parse(value))
}

function isDay(text: string): boolean {
  const day = finite(Date.parse(text))
  return day !== undefined && new Date(day).toISOString().startsWith(text)
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined
}
