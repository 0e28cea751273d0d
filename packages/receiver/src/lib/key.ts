import { sha256 } from './hash'

const MAX_LENGTH = 255

/**
 * Stores index keys: a long one, or one with control characters, is kept as its hash.
 *
 * @throws TypeError for what is no text.
 */
export async function textKey(key: unknown, name: string): Promise<string> {
  const text = filled(key, name)
  if (text.length <= MAX_LENGTH && /^[\x20-\x7e]+$/.test(text)) return text
  return `sha256-${await sha256(new TextEncoder().encode(text))}`
}

export function filled(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`${name} must return a non-empty string`)
}
