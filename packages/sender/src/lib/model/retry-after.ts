/** Longer than any policy's age. Keeps what a peer asks for far from where dates and timers overflow. */
const longestMs = 365 * 86_400_000

const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec'.split('|')
// Each allows the optional whitespace of HTTP around it, and can be read in one go: no part of a match can also be matched by the next.
const seconds = /^[ \t]*\d+[ \t]*$/
const imfFixdate =
  /^[ \t]*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d{2}) (?<month>\w{3}) (?<year>\d{4}) (?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2}) GMT[ \t]*$/
const rfc850Date =
  /^[ \t]*(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d{2})-(?<month>\w{3})-(?<shortYear>\d{2}) (?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2}) GMT[ \t]*$/
const asctimeDate =
  /^[ \t]*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>\w{3}) (?<day>[\d ]\d) (?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2}) (?<year>\d{4})[ \t]*$/

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3): a number of seconds or an HTTP-date, and nothing else. Of several values the first valid
 * one counts.
 *
 * @param reference.now milliseconds since the Unix epoch
 * @param reference.date the response's own `Date`: what a date is measured from where it is valid, so that a peer's wrong clock cancels out
 * @returns milliseconds, 0 to 365 days; undefined when there is no valid value
 */
export function parseRetryAfter(
  value: string | undefined,
  reference: { readonly now: number; readonly date?: string | undefined },
): number | undefined {
  if (value === undefined) return undefined
  for (const candidate of candidatesIn(value)) {
    const ms = parseSeconds(candidate) ?? parseDateDelay(candidate, reference)
    if (ms !== undefined) return Math.min(Math.max(ms, 0), longestMs)
  }
  return undefined
}

/** The members of a list that may hold HTTP-dates, two of whose forms have a comma of their own: each part alone, then with the next. */
function candidatesIn(value: string): readonly string[] {
  const parts = value.split(',')
  return parts.flatMap((part, index) => [part, parts.slice(index, index + 2).join(',')])
}

function parseSeconds(text: string): number | undefined {
  return seconds.test(text) ? Number(text) * 1000 : undefined
}

function parseDateDelay(
  text: string,
  { now, date }: { readonly now: number; readonly date?: string | undefined },
): number | undefined {
  const at = parseHttpDate(text, now)
  if (at === undefined) return undefined
  // An absent header reads as `undefined`, which is no date.
  return at - (parseHttpDate(String(date), now) ?? now)
}

/** The three forms of RFC 9110, section 5.6.7, in milliseconds since the Unix epoch. The name of the day is not compared with the date. */
function parseHttpDate(text: string, now: number): number | undefined {
  const fields = (imfFixdate.exec(text) ?? rfc850Date.exec(text) ?? asctimeDate.exec(text))?.groups
  if (fields === undefined) return undefined
  const year =
    fields.shortYear === undefined ? Number(fields.year) : longYear(Number(fields.shortYear), now)
  const midnight = toMidnight(year, String(fields.month), Number(fields.day))
  const timeOfDay = toTimeOfDay(Number(fields.hour), Number(fields.minute), Number(fields.second))
  return midnight === undefined || timeOfDay === undefined ? undefined : midnight + timeOfDay
}

/** A two-digit year that seems more than 50 years ahead is in the past (RFC 9110, section 5.6.7). */
function longYear(shortYear: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + shortYear
  return year > thisYear + 50 ? year - 100 : year
}

/** Undefined for a date that does not exist: `Date` would go on counting into the next month, or the month before. */
function toMidnight(year: number, month: string, day: number): number | undefined {
  const midnight = new Date(Date.UTC(year, months.indexOf(month), day))
  return midnight.getUTCFullYear() === year && midnight.getUTCDate() === day
    ? midnight.getTime()
    : undefined
}

/** A leap second is the second after it. */
function toTimeOfDay(hour: number, minute: number, second: number): number | undefined {
  return hour <= 23 && minute <= 59 && second <= 60
    ? ((hour * 60 + minute) * 60 + second) * 1000
    : undefined
}
