import type { Ed25519Signer, Ed25519Verifier, Encoding, HmacKey, Platform } from './port'

// DER of RFC 8410: everything before the 32 bytes of the key itself.
const pkcs8Head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]
const ed25519 = { name: 'Ed25519' }

function hmacKey(bytes: Uint8Array, encoding: Encoding): HmacKey {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = once(() => crypto.subtle.importKey('raw', copy(bytes), algorithm, false, ['sign']))
  const encode = encoding === 'hex' ? toHex : toBase64
  return {
    digest: async (prefix, body) =>
      encode(new Uint8Array(await crypto.subtle.sign('HMAC', await key(), joined(prefix, body)))),
  }
}

function ed25519Signer(
  seed: Uint8Array,
  expected: Uint8Array | undefined,
  mismatch: () => Error,
): Ed25519Signer {
  const key = once(async () => {
    const pkcs8 = new Uint8Array([...pkcs8Head, ...seed])
    // Extractable, because the public half can only be had by exporting.
    const imported = await crypto.subtle.importKey('pkcs8', pkcs8, ed25519, true, ['sign'])
    const { x } = await crypto.subtle.exportKey('jwk', imported)
    if (expected !== undefined && x !== toBase64Url(expected)) throw mismatch()
    return imported
  })
  return {
    sign: async (prefix, body) =>
      new Uint8Array(await crypto.subtle.sign(ed25519, await key(), joined(prefix, body))),
  }
}

function ed25519Verifier(publicKey: Uint8Array): Ed25519Verifier {
  const key = once(() =>
    crypto.subtle.importKey('raw', copy(publicKey), ed25519, false, ['verify']),
  )
  return {
    verify: async (prefix, body, signature) =>
      crypto.subtle.verify(ed25519, await key(), copy(signature), joined(prefix, body)),
  }
}

/** Imports on first use: nothing happens when a secret is only parsed. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

function joined(prefix: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = utf8(prefix)
  const bytes = new Uint8Array(head.length + body.length)
  bytes.set(head)
  bytes.set(body, head.length)
  return bytes
}

function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export const platform: Platform = {
  hmacKey,
  ed25519Signer,
  ed25519Verifier,
  ed25519Pair: () => undefined,
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  toBase64,
  fromBase64,
  utf8,
}
