/** Digits of the longest integer, and characters of the longest text. */
const MAX_LENGTH = 255

const integerText = /^-?\d{1,255}$/
/** RFC 3339, as far as `Date.parse` reads it everywhere. */
const time = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,200}))?(Z|[+-]\d\d:\d\d)$/
const printable = /^[\x20-\x7e]+$/

/**
 * A version as text whose order by character codes is the versions' own: integers by value, times by moment, other text as it is. Of
 * different kinds, integers come first and text last.
 *
 * @throws TypeError for what is no version.
 */
export function comparable(version: unknown): string {
  if (typeof version === 'bigint' || Number.isSafeInteger(version)) return ofInteger(`${version}`)
  if (typeof version === 'string' && version.length <= MAX_LENGTH) {
    if (integerText.test(version)) return ofInteger(version)
    if (printable.test(version)) return ofTime(version) ?? `s${version}`
  }
  throw new TypeError(
    'order.version must return an integer, or a text of 1 to 255 printable ASCII characters',
  )
}

/** `i`, the sign, how many digits, the digits; the latter two as their complements below zero, where more is less. */
function ofInteger(text: string): string {
  const digits = text.replace(/^-?0*(?=\d)/, '')
  if (digits.length > MAX_LENGTH) {
    throw new TypeError(`order.version must return an integer of at most ${MAX_LENGTH} digits`)
  }
  const positive = `${String(digits.length).padStart(3, '0')}${digits}`
  return !text.startsWith('-') || digits === '0' ? `i1${positive}` : `i0${complement(positive)}`
}

function complement(digits: string): string {
  return digits.replaceAll(/\d/g, (digit) => String(9 - Number(digit)))
}

function ofTime(text: string): string | undefined {
  const [, moment, fraction = '', zone] = time.exec(text) ?? []
  const milliseconds = Date.parse(`${moment}${zone}`)
  if (Number.isNaN(milliseconds)) return undefined
  return `t${ofInteger(`${milliseconds / 1_000}`)}.${fraction.replace(/0+$/, '')}`
}
