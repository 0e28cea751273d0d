/** A value, or a promise of it where the platform's cryptography is asynchronous. */
export type Awaitable<T> = T | Promise<T>

export type Encoding = 'base64' | 'hex'

/** Made once per secret. */
export interface HmacKey {
  /** HMAC-SHA256 of the UTF-8 of `prefix` followed by `body`, as padded base64 or lower-case hex. */
  digest(prefix: string, body: Uint8Array): Awaitable<string>
}

export interface Ed25519Signer {
  sign(prefix: string, body: Uint8Array): Awaitable<Uint8Array>
}

export interface Ed25519Verifier {
  /** Never throws: a signature of a wrong length is simply false. */
  verify(prefix: string, body: Uint8Array, signature: Uint8Array): Awaitable<boolean>
}

/** What `#hmac` gives: the cryptography of the platform. `node.ts` and `web.ts` are tested against each other. */
export interface Platform {
  hmacKey(bytes: Uint8Array, encoding: Encoding): HmacKey
  /** `expected`, if given, is the public half that must belong to `seed`. Otherwise it throws, or its `sign` rejects with, `mismatch()`. */
  ed25519Signer(
    seed: Uint8Array,
    expected: Uint8Array | undefined,
    mismatch: () => Error,
  ): Ed25519Signer
  ed25519Verifier(publicKey: Uint8Array): Ed25519Verifier
  /** A new key pair; undefined where the platform can only make one asynchronously. */
  ed25519Pair(): { readonly seed: Uint8Array; readonly publicKey: Uint8Array } | undefined
  randomBytes(length: number): Uint8Array
  toBase64(bytes: Uint8Array): string
  /** Of text already known to be canonical. */
  fromBase64(text: string): Uint8Array
  utf8(text: string): Uint8Array
}
