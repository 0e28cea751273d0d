/** Crockford's base 32 in lower case: no i, l, o, u. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const timeCharacters = 10
const randomLength = 10

/**
 * `<prefix>_` and 26 characters: 48 bits of time in milliseconds, then 80 random bits. Ids of different milliseconds sort by time.
 * The layout is ULID's (https://github.com/ulid/spec), in lower case.
 */
export function newId(
  prefix: 'evt' | 'dlv' | 'ep' | 'sec',
  now: number,
  randomBytes: (length: number) => Uint8Array,
): string {
  return `${prefix}_${encodeTime(now)}${encodeBytes(randomBytes(randomLength))}`
}

function encodeTime(now: number): string {
  let text = ''
  let left = Math.max(0, Math.floor(now))
  for (let count = 0; count < timeCharacters; count += 1) {
    text = alphabet.charAt(left % 32) + text
    left = Math.floor(left / 32)
  }
  return text
}

function encodeBytes(bytes: Uint8Array): string {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet.charAt((held >>> (bits - 5)) & 31)
  }
  return text
}
