import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { keyOf } from '../lib/certificates'

const word = (): string => `canary/${randomBytes(15).toString('base64url')}+x`
const signingSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`
const key = (): string => randomBytes(32).toString('base64')

/** A secret for each place where one can be. */
export function makeCanaries() {
  return {
    currentSecret: signingSecret(),
    olderSecret: signingSecret(),
    revokedSecret: signingSecret(),
    refusedSecret: `whsec_!${word()}`,
    sensitiveHeader: word(),
    authorizationHeader: `Token ${word()}`,
    bearerToken: word(),
    basicPassword: word(),
    clientSecret: word(),
    accessToken: word(),
    tlsKey: keyOf('client-1'),
    refusedTlsKey: generateKeyPairSync('ed25519')
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString(),
    ringKey: key(),
    olderRingKey: key(),
    refusedRingKey: `${key()}==`,
    serviceError: word(),
    urlPassword: randomBytes(15).toString('base64url'),
    proxyPassword: word(),
    refusedProxyPassword: word(),
    cookie: word(),
    redactError: word(),
    loggerError: word(),
    listenerError: word(),
    transportError: word(),
  }
}

export type Canaries = ReturnType<typeof makeCanaries>

/** What of a canary would give it away, in the spellings in which it could lie somewhere. */
function traces(canary: string): readonly string[] {
  const isPem = canary.startsWith('-----')
  const core = isPem ? (canary.split('\n')[1] ?? '') : canary.replace(/^(whsec_|Token )/, '')
  const bytes = Buffer.from(core)
  const spelt = [core, JSON.stringify(core).slice(1, -1), core.replaceAll('/', '\\/')]
  const encoded = [encodeURIComponent(core), bytes.toString('base64'), bytes.toString('base64url')]
  return [...spelt, ...encoded, bytes.toString('hex'), Buffer.from(core, 'base64').toString('hex')]
}

/** The names of the canaries that are in a text or in bytes. */
export function found(canaries: Canaries, where: string | Uint8Array): readonly string[] {
  const bytes = Buffer.from(where)
  return Object.entries(canaries)
    .filter(([, canary]) => traces(canary).some((trace) => bytes.includes(trace)))
    .map(([name]) => name)
}

/** All that can be had from a value: as JSON, as Node prints it, and the bytes in it as text. */
export function everythingOf(value: unknown): string {
  const shown = inspect(value, { depth: Infinity, maxArrayLength: null, maxStringLength: null })
  const hidden = inspect(value, { depth: 6, showHidden: true })
  const bytes = (part: Uint8Array): string => Buffer.from(part).toString('latin1')
  const json = JSON.stringify(value, function (this: object, key, part: unknown) {
    const original: unknown = Reflect.get(this, key)
    return original instanceof Uint8Array ? bytes(original) : part
  })
  return [shown, hidden, json, value instanceof Error ? value.stack : ''].join('\n')
}
