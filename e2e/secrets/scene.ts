import {
  type AttemptRequest,
  createSender,
  type SecretKey,
  type SenderEventName,
  type SenderStore,
  type Transport,
} from '@posthorn/sender'
import { fakeClock, recordingTransport } from '@posthorn/sender/testing'
import { type Canaries, everythingOf, makeCanaries } from './canaries'

export const operationsTenant = 'operations'
export const proxyWith = (password: string): string =>
  `http://egress:${encodeURIComponent(password)}@proxy.example:3128`
export const tokenUrl = 'https://id.example/token'

/** What can be told to an operations endpoint: all of it. */
const operationsTypes = [
  'delivery.attempted',
  'delivery.retrying',
  'delivery.succeeded',
  'delivery.failed',
  'delivery.skipped',
  'delivery.replayed',
  'endpoint.failing',
  'endpoint.recovered',
  'endpoint.disabled',
] as const

const eventNames: readonly SenderEventName[] = [
  'attempt',
  'delivery.succeeded',
  'delivery.retrying',
  'delivery.failed',
  'delivery.skipped',
  'delivery.replayed',
  'ordering.blocked',
  'event.invalid',
  'endpoint.failing',
  'endpoint.recovered',
  'endpoint.disabled',
  'worker.error',
]

/** Where everything fails that can, with a canary in its error, and everything that comes out is written down. */
export function makeScene(store: SenderStore) {
  const canaries = makeCanaries()
  const clock = fakeClock()
  const out: string[] = []
  const state = { failing: true, transportThrows: false, serviceDown: false }
  const note = <Value>(value: Value): Value => {
    out.push(everythingOf(value))
    return value
  }
  const recording = recordingTransport((request) => answer(canaries, request, state.failing), {
    clock,
  })
  const transport: Transport = {
    async send(request) {
      if (state.transportThrows) throw new TypeError(canaries.transportError)
      return recording.send(request)
    },
    close: () => recording.close(),
  }
  const turn = async (bytes: Uint8Array): Promise<Uint8Array> => {
    if (state.serviceDown) throw new TypeError(canaries.serviceError)
    return bytes.map((byte) => byte ^ 0x55)
  }
  const line = (...parts: readonly unknown[]): void => {
    note(parts)
    throw new TypeError(canaries.loggerError)
  }
  return {
    canaries,
    clock,
    out,
    state,
    note,
    requests: recording.requests,
    keys: {
      older: { id: 'older', key: canaries.olderRingKey },
      newer: { id: 'newer', key: canaries.ringKey },
      service: { id: 'kms', service: { encrypt: turn, decrypt: turn }, cacheFor: '1s' },
    } as const,
    sender(keys: readonly SecretKey[], isRedacting = false) {
      const redact = (): never => {
        throw new TypeError(canaries.redactError)
      }
      const sender = createSender({
        ...{ store, clock, transport, keys, random: () => 0 },
        network: { proxy: proxyWith(canaries.proxyPassword) },
        operations: { tenantId: operationsTenant, events: [...operationsTypes] },
        logger: { debug: line, info: line, warn: line, error: line },
        ...(isRedacting ? { redact } : {}),
      })
      for (const name of eventNames) sender.on(name, hear)
      return note(sender)
    },
  }

  function hear(notice: unknown): void {
    note(notice)
    throw new TypeError(canaries.listenerError)
  }
}

export type Scene = ReturnType<typeof makeScene>

/** An endpoint that says all it knows, and sets a cookie. */
function answer(canaries: Canaries, request: AttemptRequest, isFailing: boolean) {
  if (request.url === tokenUrl) {
    const token = { access_token: canaries.accessToken, token_type: 'Bearer', expires_in: 60 }
    return { status: 200, body: JSON.stringify({ ...token, asked: request.headers }) }
  }
  const { authorization = '' } = request.headers
  const credentials = authorization.split(' ').slice(1).join(' ')
  const decoded = Buffer.from(credentials, 'base64').toString()
  const known = [credentials, decoded, canaries.currentSecret, canaries.currentSecret.slice(6)]
  return {
    status: isFailing ? 503 : 200,
    headers: {
      'set-cookie': canaries.cookie,
      location: `/${credentials}`,
      server: authorization,
      'webhook-echo': request.headers['x-api-key'] ?? '',
    },
    body: `${JSON.stringify({ known, headers: request.headers })} ${known.join('&')}`,
  }
}
