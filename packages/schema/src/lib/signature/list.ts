import { isBase64Of } from './base64'
import { maxSignatures, type Signature } from './engine'
import { duplicate } from './headers'
import type { VerifyFailure } from './scheme'

/** Reads `v1,<base64> v1a,<base64> …`. Only the first few are looked at, however long the header is. */
export function readList(value: string): readonly Signature[] | VerifyFailure {
  if (!value.includes(' ')) return [readEntry(value)]
  // A comma belongs to each entry; one followed by a space joins two headers.
  if (value.includes(', ')) return duplicate
  return value.split(' ', maxSignatures).map(readEntry)
}

function readEntry(entry: string): Signature {
  const comma = entry.indexOf(',')
  return { label: entry.slice(0, Math.max(comma, 0)), text: entry.slice(comma + 1) }
}

/** Versions to come are well-formed whatever they hold: the specification asks to pass over them. */
export function isWellFormedEntry({ label, text }: Signature): boolean {
  if (label === 'v1') return isBase64Of(32, text)
  if (label === 'v1a') return isBase64Of(64, text)
  return /^[a-z0-9]{1,16}$/.test(label) && /^[\x21-\x7e]+$/.test(text)
}

export function writeList(signatures: readonly Signature[]): string {
  return signatures.map(({ label, text }) => `${label},${text}`).join(' ')
}
