import type { KeyObject } from 'node:crypto'
import { oneShotHmac } from './one-shot'
import type { Ed25519Signer, Ed25519Verifier, Encoding, HmacKey, Platform } from './port'

let loaded: typeof import('node:crypto') | undefined

/**
 * Loaded with the first key: an import of this package costs no cryptography. And not by an import, which would read all
 * of the module's exports and so load WebCrypto, too.
 */
function crypto(): typeof import('node:crypto') {
  loaded ??= process.getBuiltinModule('node:crypto')
  return loaded
}

// DER of RFC 8410: everything before the 32 bytes of the key itself.
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex')

let oneShot: ReturnType<typeof oneShotHmac> | undefined

function hmacKey(bytes: Uint8Array, encoding: Encoding): HmacKey {
  const { createHmac, createSecretKey, hash } = crypto()
  // Other runtimes with this module's name need not have all of it.
  if (typeof hash === 'function') oneShot ??= oneShotHmac(hash)
  const digestAtOnce = oneShot?.(bytes, encoding)
  // With a KeyObject createHmac runs several times faster than with the bytes, and a digest as text costs a quarter
  // less than one as a Buffer.
  const key = createSecretKey(bytes)
  return {
    digest: (prefix, body) =>
      digestAtOnce?.(prefix, body) ??
      createHmac('sha256', key).update(prefix).update(body).digest(encoding),
  }
}

function ed25519Signer(
  seed: Uint8Array,
  expected: Uint8Array | undefined,
  mismatch: () => Error,
): Ed25519Signer {
  const { createPrivateKey, createPublicKey, sign } = crypto()
  const key = createPrivateKey({
    key: Buffer.concat([pkcs8Head, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  if (expected !== undefined && !rawPublic(createPublicKey(key)).equals(expected)) {
    throw mismatch()
  }
  return { sign: (prefix, body) => sign(null, joined(prefix, body), key) }
}

function ed25519Verifier(publicKey: Uint8Array): Ed25519Verifier {
  const { createPublicKey, verify } = crypto()
  const key = createPublicKey({
    key: Buffer.concat([spkiHead, publicKey]),
    format: 'der',
    type: 'spki',
  })
  return {
    verify: (prefix, body, signature) => verify(null, joined(prefix, body), key, signature),
  }
}

function ed25519Pair(): { seed: Uint8Array; publicKey: Uint8Array } {
  const { privateKey, publicKey } = crypto().generateKeyPairSync('ed25519')
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  return { seed: der.subarray(pkcs8Head.length), publicKey: rawPublic(publicKey) }
}

function rawPublic(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(spkiHead.length)
}

/** Ed25519 takes its message in one piece. */
function joined(prefix: string, body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(prefix), body])
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export const platform: Platform = {
  hmacKey,
  ed25519Signer,
  ed25519Verifier,
  ed25519Pair,
  randomBytes: (length) => crypto().randomBytes(length),
  toBase64: (bytes) => view(bytes).toString('base64'),
  fromBase64: (text) => Buffer.from(text, 'base64'),
  utf8: (text) => Buffer.from(text),
}
