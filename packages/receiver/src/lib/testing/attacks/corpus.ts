import {
  type Envelope,
  encodeJson,
  envelopes,
  type Scheme,
  schemes,
  signHeaders,
  type WebhookEvent,
} from '@posthorn/schema'
import type { DispatchEvent } from '../../receiver'
import { type SignOptions, signTestRequest, unixSeconds } from '../sign-test-request'
import type { Attack, Make, Target } from './attack'
import { changedBodyAttacks, oddBodyAttacks, unreadableBodyAttacks } from './bodies'
import { headerAttacks, idAttacks, timeAttacks } from './headers'
import { signatureAttacks } from './signatures'

export interface AttackOptions {
  /** One that signs, as the endpoint's own. */
  readonly secret: string
  /** Default `schemes.standard`. */
  readonly scheme?: Scheme
  /** Default `envelopes.standard`. */
  readonly envelope?: Envelope
  /** One that the endpoint handles. Default: of the type `attack.test`, which a receiver acknowledges as unknown. */
  readonly event?: DispatchEvent
  /** When it is signed: a `Date`, ISO 8601, or unix seconds. Default: now, by the machine's clock. */
  readonly at?: SignOptions['at']
  /** Default `http://localhost/webhooks`. */
  readonly url?: string
}

const anything: DispatchEvent = {
  id: 'evt_attack',
  type: 'attack.test',
  timestamp: '2026-01-01T00:00:00.000Z',
  data: { attack: true },
}

const makers: readonly Make[] = [
  headerAttacks,
  idAttacks,
  timeAttacks,
  signatureAttacks,
  changedBodyAttacks,
  unreadableBodyAttacks,
  oddBodyAttacks,
]

/**
 * What peers and attackers send to a webhook endpoint: headers missing, doubled and malformed, signatures that are almost right, times that
 * only look like one, bodies that were changed or that trip a parser. For an endpoint of any kind; `runAttacks` sends them.
 *
 * It begins and ends with a good request: an endpoint that refuses everything, or that broke on the way, does not pass. What the scheme does
 * not cover is not attacked.
 *
 * @throws WebhookError `invalid_secret`; TypeError when `at` is not a time
 * @example
 * const attacks = await attackCorpus({ secret, event })
 * const failures = await runAttacks(attacks, (request) => fetch(url, request))
 * expect(failures).toEqual([])
 */
export async function attackCorpus(options: AttackOptions): Promise<readonly Attack[]> {
  const target = await aim(options)
  const made = await Promise.all(makers.map((make) => make(target)))
  const last = await target.sign(target.json())
  return [
    { name: 'a good request', request: target.good, expect: 'accepted' },
    ...made.flat(),
    { name: 'a good request after all that', request: last, expect: 'accepted' },
  ]
}

async function aim(options: AttackOptions): Promise<Target> {
  const { secret, scheme = schemes.standard, envelope = envelopes.standard } = options
  const { url = 'http://localhost/webhooks' } = options
  const event: WebhookEvent = { version: 1, ...(options.event ?? anything) }
  const now = unixSeconds(options.at)
  const good = await signTestRequest(event, { secret, scheme, envelope, at: now, url })
  let count = 0
  // Each has an id of its own, so that none is taken for a copy of another.
  const fresh = () => {
    count += 1
    return `${event.id.slice(0, 120)}_${count}`
  }
  return {
    ...{ scheme, envelope, secret, event, now, url, good },
    signature: signatureOf(good.headers, scheme),
    async sign(body, { at = now, secret: by = secret } = {}) {
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
      const message = { id: fresh(), timestamp: at, body: bytes }
      const signed = await signHeaders(scheme, message, [by])
      return { ...good, headers: { ...good.headers, ...signed }, body: bytes }
    },
    json: (change) => encodeJson(envelope.encode({ ...event, id: fresh(), ...change })),
  }
}

const digestForm = /(?:[0-9a-f]{64}|[A-Za-z0-9+/]{42,}={0,2})$/

function signatureOf(
  headers: Readonly<Record<string, string>>,
  { name, headers: names }: Scheme,
): Target['signature'] {
  for (const header of names) {
    const value = headers[header] ?? ''
    const digest = digestForm.exec(value)?.[0]
    if (digest === undefined) continue
    return { header, prefix: value.slice(0, value.length - digest.length), digest }
  }
  throw new TypeError(`attackCorpus: no header of the scheme "${name}" ends with a signature`)
}
