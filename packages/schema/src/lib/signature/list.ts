import { platform } from '#hmac'
import { base64Length, isCanonicalBase64 } from './base64'
import { type Candidate, type Made, maxSignatures } from './engine'
import { duplicate, malformed } from './headers'
import type { VerifyFailure } from './scheme'

/** Bytes of a signature, by the label in front of it. */
export type Lengths = ReadonlyMap<string, number>

const entryForm = /^[a-z0-9]{1,16},[\x21-\x7e]+$/

/**
 * Reads `v1,<base64> v1a,<base64> …`. Entries of unknown versions are passed over, as the specification asks; so are
 * malformed ones as long as another is well-formed. Only the first few are looked at, however long the header is.
 */
export function readList(value: string, lengths: Lengths): readonly Candidate[] | VerifyFailure {
  // A comma belongs to each entry; one followed by a space joins two headers.
  if (value.includes(', ')) return duplicate
  const candidates: Candidate[] = []
  let wellFormed = false
  for (let start = 0, looked = 0; start <= value.length && looked < maxSignatures; looked += 1) {
    const space = value.indexOf(' ', start)
    const end = space < 0 ? value.length : space
    const entry = readEntry(value.slice(start, end), lengths)
    if (entry !== undefined) wellFormed = true
    if (entry !== undefined && entry !== 'unknown') candidates.push(entry)
    start = end + 1
  }
  return wellFormed ? candidates : malformed
}

function readEntry(entry: string, lengths: Lengths): Candidate | 'unknown' | undefined {
  const comma = entry.indexOf(',')
  const label = entry.slice(0, Math.max(comma, 0))
  const length = lengths.get(label)
  if (length === undefined) return entryForm.test(entry) ? 'unknown' : undefined
  const text = entry.slice(comma + 1)
  if (text.length !== base64Length(length) || !isCanonicalBase64(text)) return undefined
  const bytes = platform.fromBase64(text)
  return bytes.length === length ? { label, bytes } : undefined
}

export function writeList(signatures: readonly Made[]): string {
  return signatures.map(({ label, bytes }) => `${label},${platform.toBase64(bytes)}`).join(' ')
}
