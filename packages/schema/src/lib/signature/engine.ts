import { WebhookError } from '../errors'
import type { Awaitable } from '../hmac/port'
import { isMessageId } from '../names'
import { malformed } from './headers'
import type {
  HeaderBag,
  Scheme,
  Sign,
  SignedMessage,
  Verify,
  VerifyFailure,
  VerifyOptions,
  VerifyRequest,
  VerifyResult,
} from './scheme'
import { invalidArgument, invalidSecret } from './secret'

/** At most so many signatures of a header are looked at, and so many are put into one. */
export const maxSignatures = 8

/** A signature as text: its kind, if the layout names one, and what stands behind it. */
export interface Signature {
  readonly label: string
  readonly text: string
}

/** What the headers of a request say. The signatures are not yet known to be well-formed. */
export interface Reading {
  readonly id: string | undefined
  readonly timestamp: string | undefined
  readonly signatures: readonly Signature[]
}

/** A secret made ready. A private key of a pair only signs, a public one only verifies. */
export interface Key {
  /** The kind of signature it makes and judges; it passes over others. */
  readonly label: string
  readonly sign: ((prefix: string, body: Uint8Array) => Awaitable<string>) | undefined
  readonly matches:
    | ((prefix: string, body: Uint8Array, signatures: readonly Signature[]) => Awaitable<boolean>)
    | undefined
}

/** All that differs between schemes. */
export interface Blueprint {
  readonly name: string
  readonly covers: { readonly id: boolean; readonly time: boolean }
  readonly headers: readonly string[]
  /** How many signatures one request has room for. */
  readonly room: number
  /** Cached; throws `invalid_secret`. */
  key(secret: string): Key
  /** The signed string up to the body. */
  prefix(id: string | undefined, timestamp: string | undefined): string
  read(headers: HeaderBag): Reading | VerifyFailure
  /** Asked only once nothing matched: was it a signature at all? */
  isWellFormed(signature: Signature): boolean
  write(message: SignedMessage, signatures: readonly Signature[]): Record<string, string>
}

export function buildScheme(blueprint: Blueprint): Scheme {
  return Object.freeze({
    name: blueprint.name,
    covers: Object.freeze({ ...blueprint.covers }),
    headers: Object.freeze([...blueprint.headers]),
    sign: signer(blueprint),
    verify: verifier(blueprint),
    checkSecret(secret: string) {
      blueprint.key(secret)
    },
  })
}

function signer(blueprint: Blueprint): Sign {
  const atOnce: NonNullable<Sign['atOnce']> = (message, secrets) =>
    sign(blueprint, message, secrets)
  const signAsync: Sign = async (message, secrets) => atOnce(message, secrets)
  return Object.freeze(Object.assign(signAsync, { atOnce }))
}

function sign(
  blueprint: Blueprint,
  message: SignedMessage,
  secrets: readonly string[],
): Awaitable<Record<string, string>> {
  checkMessage(blueprint, message)
  const prefix = blueprint.prefix(message.id, String(message.timestamp))
  const signatures = signingKeys(blueprint, secrets).map(({ label, sign }) => {
    const text = sign(prefix, message.body)
    return typeof text === 'string' ? { label, text } : text.then((text) => ({ label, text }))
  })
  return signatures.every(isReady)
    ? blueprint.write(message, signatures)
    : Promise.all(signatures).then((all) => blueprint.write(message, all))
}

const isReady = (signature: Awaitable<Signature>): signature is Signature =>
  !(signature instanceof Promise)

type SigningKey = Key & { readonly sign: NonNullable<Key['sign']> }

function signingKeys(blueprint: Blueprint, secrets: readonly string[]): readonly SigningKey[] {
  const keys = keysOf(blueprint, secrets)
  if (keys.length > maxSignatures) {
    throw new WebhookError(
      'too_many_secrets',
      `At most ${maxSignatures} secrets can sign a message, not ${keys.length}. Revoke old ones.`,
    )
  }
  const used = keys.slice(0, blueprint.room)
  if (used.every((key): key is SigningKey => key.sign !== undefined)) return used
  throw invalidSecret('with whpk_ only verifies; sign with the whsk_ secret of the pair')
}

function verifier(blueprint: Blueprint): Verify {
  const atOnce: NonNullable<Verify['atOnce']> = (request, secrets, options) =>
    verify(blueprint, request, secrets, options)
  const verifyAsync: Verify = async (request, secrets, options) => atOnce(request, secrets, options)
  return Object.freeze(Object.assign(verifyAsync, { atOnce }))
}

function verify(
  blueprint: Blueprint,
  request: VerifyRequest,
  secrets: readonly string[],
  options: VerifyOptions,
): Awaitable<VerifyResult> {
  // The caller's mistakes first, so that they show on every request and not only on well-formed ones.
  const keys = keysOf(blueprint, secrets)
  checkHeaders(request.headers)
  checkBody(request.body)
  checkOptions(options)
  const reading = blueprint.read(request.headers)
  if ('ok' in reading) return reading
  const { timestamp } = reading
  const time = timestamp === undefined ? undefined : Number(timestamp)
  const late = time === undefined ? undefined : outside(time, options)
  return late ?? tryKeys(blueprint, keys, { reading, time, body: request.body })
}

interface Claim {
  readonly reading: Reading
  readonly time: number | undefined
  readonly body: Uint8Array
}

function tryKeys(
  blueprint: Blueprint,
  keys: readonly Key[],
  claim: Claim,
  first = 0,
): Awaitable<VerifyResult> {
  const { reading, time: timestamp, body } = claim
  const { id, signatures } = reading
  const prefix = blueprint.prefix(id, reading.timestamp)
  for (let secretIndex = first; secretIndex < keys.length; secretIndex += 1) {
    const accepted = { ok: true, id, timestamp, secretIndex } as const
    const matched = matches(keys[secretIndex], prefix, body, signatures)
    if (matched === true) return accepted
    if (matched === false) continue
    return matched.then((yes) =>
      yes ? accepted : tryKeys(blueprint, keys, claim, secretIndex + 1),
    )
  }
  return signatures.some(blueprint.isWellFormed) ? mismatch : malformed
}

function matches(
  key: Key | undefined,
  prefix: string,
  body: Uint8Array,
  signatures: readonly Signature[],
): Awaitable<boolean> {
  if (key?.matches === undefined) {
    throw invalidSecret('with whsk_ only signs; verify with the whpk_ key of the pair')
  }
  return key.matches(prefix, body, signatures)
}

const mismatch: VerifyFailure = Object.freeze({ ok: false, code: 'signature_mismatch' })
const tooOld: VerifyFailure = Object.freeze({ ok: false, code: 'timestamp_too_old' })
const tooNew: VerifyFailure = Object.freeze({ ok: false, code: 'timestamp_too_new' })

function outside(timestamp: number, { now, tolerance }: VerifyOptions): VerifyFailure | undefined {
  if (now - timestamp > tolerance.past) return tooOld
  return timestamp - now > tolerance.future ? tooNew : undefined
}

function keysOf(blueprint: Blueprint, secrets: readonly string[]): readonly Key[] {
  if (!Array.isArray(secrets) || secrets.length === 0) {
    throw invalidArgument('secrets must be an array of at least one secret')
  }
  return secrets.map((secret) => blueprint.key(secret))
}

const timestampForm = /^[1-9]\d{9}$/

/** Ten digits: no sign, no fraction, no leading zero, nothing behind. */
export function isTimestampText(value: string | undefined): boolean {
  return value !== undefined && timestampForm.test(value)
}

/** What has ten digits as text. */
function isUnixSeconds(value: number): boolean {
  return Number.isInteger(value) && value >= 1_000_000_000 && value <= 9_999_999_999
}

function checkMessage({ covers }: Blueprint, { id, timestamp, body }: SignedMessage): void {
  checkBody(body)
  if (covers.id && !(typeof id === 'string' && isMessageId(id))) {
    throw invalidArgument('id must match [A-Za-z0-9_-]{1,128}')
  }
  if (covers.time && !isUnixSeconds(timestamp)) {
    throw invalidArgument('timestamp must be whole unix seconds, not milliseconds')
  }
}

function checkHeaders(headers: HeaderBag): void {
  if (typeof headers === 'object' && headers !== null) return
  throw invalidArgument('headers must be a Headers object or an object of names and values')
}

function checkBody(body: Uint8Array): void {
  // Not `instanceof`: Jest gives each test file its own Uint8Array.
  if (ArrayBuffer.isView(body) && body.BYTES_PER_ELEMENT === 1) return
  throw new WebhookError(
    'body_not_raw',
    'body must be a Uint8Array of the bytes as they travel, not a string or a parsed value.',
  )
}

function checkOptions(options: Partial<VerifyOptions> | null | undefined): void {
  const { now, tolerance } = options ?? {}
  // Comparisons with NaN are false, so a NaN would let everything through.
  if (!Number.isFinite(now)) throw invalidArgument('now must be a number of unix seconds')
  if (!tolerance || !(tolerance.past >= 0) || !(tolerance.future >= 0)) {
    throw invalidArgument('tolerance needs past and future in seconds, each 0 or more')
  }
}
