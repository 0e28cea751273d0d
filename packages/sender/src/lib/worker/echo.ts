import type { AttemptRecord } from '../model/delivery'
import type { AttemptOutcome } from '../ports/transport'
import { mask } from './sent'

/** A shorter one could be a word of any text. */
const shortestSecret = 6
const asterisk = 0x2a
/** What the log puts at the end of a text that it cut. */
const ellipsis = '…'

/**
 * Blanks the sender's own secrets in what is kept of an answer: an endpoint may echo what it was sent, in an error page or on purpose. Found as
 * they are and as JSON, URLs and PHP spell them; a body keeps its length.
 */
export function blankEchoes(record: AttemptRecord, secrets: readonly string[]): AttemptRecord {
  const { responseHeaders, responseBody, responseTruncated: isCut, error } = record
  const longest = isCut === true ? Number.POSITIVE_INFINITY : longestOf(record)
  const fitting = secrets.filter(({ length }) => length <= longest)
  const sought = spellings(fitting)
  if (sought.length === 0) return record
  return {
    ...record,
    ...(responseHeaders && { responseHeaders: blankValues(responseHeaders, sought) }),
    ...(error && {
      error: { code: blank(error.code, sought), message: blank(error.message, sought) },
    }),
    ...(responseBody && { responseBody: blankBytes(responseBody, sought, isCut === true) }),
  }
}

/** Whether there is room for a secret in what is kept of an answer. */
export const mayEcho = (record: AttemptRecord): boolean =>
  record.responseTruncated === true || longestOf(record) >= shortestSecret

/** Blanks them in a text. */
export const blankText = (text: string, secrets: readonly string[]): string =>
  blank(text, spellings(secrets))

/** Blanks them in what becomes no record: before anything is made of it, so in no text that is cut. */
export function blankOutcome(outcome: AttemptOutcome, secrets: readonly string[]): AttemptOutcome {
  const sought = spellings(secrets)
  if (outcome.kind === 'response')
    return { ...outcome, headers: blankValues(outcome.headers, sought) }
  const { message, detail } = outcome
  return {
    ...outcome,
    message: blank(message, sought),
    ...(detail === undefined ? {} : { detail: blank(detail, sought) }),
  }
}

/** Most answers are shorter than any secret, and need no search. What was cut was longer than it is. */
function longestOf({ responseHeaders = {}, responseBody, error }: AttemptRecord): number {
  const texts = [...Object.values(responseHeaders), error?.message ?? '', error?.code ?? '']
  if (texts.some((text) => text.endsWith(ellipsis))) return Number.POSITIVE_INFINITY
  return Math.max(responseBody?.byteLength ?? 0, ...texts.map(({ length }) => length))
}

/** Longest first, so that one inside another does not keep that from being found. */
function spellings(secrets: readonly string[]): readonly string[] {
  const sought = new Set<string>()
  for (const secret of secrets) {
    if (secret.length < shortestSecret) continue
    const json = JSON.stringify(secret).slice(1, -1)
    const spelt = [secret, json, json.replaceAll('/', '\\/'), encodeURIComponent(secret)]
    for (const spelling of spelt) sought.add(spelling)
  }
  return [...sought].sort((a, b) => b.length - a.length)
}

function blank(text: string, sought: readonly string[]): string {
  const whole = sought.reduce((left, secret) => left.replaceAll(secret, mask), text)
  return whole.endsWith(ellipsis) ? blankCut(whole.slice(0, -1), sought) : whole
}

function blankCut(text: string, sought: readonly string[]): string {
  const heads = sought.map((secret) => headAtEnd(text, secret))
  const longest = Math.max(0, ...heads)
  return `${longest === 0 ? text : `${text.slice(0, -longest)}${mask}`}${ellipsis}`
}

/** How much of a secret's head a text ends with. */
function headAtEnd(text: string, secret: string): number {
  for (let length = secret.length - 1; length >= shortestSecret; length -= 1)
    if (text.endsWith(secret.slice(0, length))) return length
  return 0
}

function blankValues(headers: Readonly<Record<string, string>>, sought: readonly string[]) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, blank(value, sought)]),
  )
}

/** Places are found before any is blanked, so that one secret inside another is found too. */
function blankBytes(bytes: Uint8Array, sought: readonly string[], isCut: boolean): Uint8Array {
  const original = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found = sought
    .flatMap((secret) => [Buffer.from(secret, 'utf8'), Buffer.from(secret, 'latin1')])
    .flatMap((needle) => [
      ...places(original, needle),
      ...(isCut ? cutPlace(original, needle) : []),
    ])
  if (found.length === 0) return bytes
  const blanked = new Uint8Array(original)
  for (const [from, to] of found) blanked.fill(asterisk, from, to)
  return blanked
}

type Place = readonly [from: number, to: number]

function places(bytes: Buffer, needle: Buffer): readonly Place[] {
  const found: Place[] = []
  for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + 1))
    found.push([at, at + needle.length])
  return found
}

/** The head of a secret at the end of a body of which no more was kept. */
function cutPlace(bytes: Buffer, needle: Buffer): readonly Place[] {
  for (let length = needle.length - 1; length >= shortestSecret; length -= 1) {
    const from = bytes.length - length
    if (from >= 0 && bytes.subarray(from).equals(needle.subarray(0, length)))
      return [[from, bytes.length]]
  }
  return []
}
