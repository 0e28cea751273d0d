import type { AttemptOutcome, AttemptRequest, Transport } from '../../ports/transport'
import { VERSION } from '../../version'
import type { NetworkPolicy } from '../policy'
import { Attempt, type AttemptContext } from './attempt'
import { createDeadlines } from './deadlines'
import { type Dial, dialTcp } from './dial'
import { type Failure, transportClosed } from './failure'
import { createIdentities } from './identities'
import { Pool } from './pool'
import { createRoutes, type Target } from './route'
import { createSecure, type TlsOptions } from './secure'
import { realTimers, type Timers } from './timers'
import { createVet } from './vet'

export interface UndiciTransportOptions {
  /** Where it may connect to. */
  readonly policy: NetworkPolicy
  /** `User-Agent` of requests that name none. Default `Posthorn/<version>`. */
  readonly userAgent?: string
  readonly tls?: TlsOptions
  /** Sockets held at once, as far as they are idle. Default 500. */
  readonly maxSockets?: number
  /** How TCP connections are made, for tests. */
  readonly dial?: Dial
  readonly timers?: Timers
}

/** The transport sets these; another value would break framing, routing or the bound on bodies. */
const own = new Set([
  'host',
  'content-length',
  'accept-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
])

/**
 * HTTP/1.1 over undici, behind the address guard.
 *
 * One deadline over DNS, connect, TLS and headers. The verdict is fixed by the final headers; the body then gets at most 5 s, and what is
 * left of the deadline if that is less. The first `captureBytes` of it are kept, raw; after 128 KiB the socket is cut. No redirect is
 * followed. Sockets are kept alive for 4 s, or what the peer says up to 25 s. A request on a reused socket that was closed before one
 * byte came back is repeated once, on a fresh one, and says so.
 *
 * Nothing is opened before the first `send`.
 *
 * @throws TypeError when an option is not valid
 */
export function undiciTransport(options: UndiciTransportOptions): Transport {
  const { policy, timers = realTimers, maxSockets = 500 } = options
  if (!Number.isInteger(maxSockets) || maxSockets < 1) {
    throw new TypeError('maxSockets must be a whole number above 0')
  }
  const routes = createRoutes(policy)
  const identify = createIdentities(options.tls?.ca)
  const context = createContext(options, maxSockets, timers)
  const userAgent = options.userAgent ?? `Posthorn/${VERSION}`
  let closed = false

  const send = (request: AttemptRequest): Promise<AttemptOutcome> => {
    if (closed) return refuse(transportClosed('config'))
    const route = routes(request.url)
    if (route.kind === 'refused') return refuse(route.failure)
    const headers = requestHeaders(request.headers, userAgent)
    if (headers === undefined) return refuse(ownHeader)
    const target = targetOf(route.target, request)
    if (target === undefined) return refuse(badTls)
    const { path } = route
    const { method = 'POST', body } = request
    const outgoing = { path, method, headers, body }
    return new Promise((done) => {
      new Attempt(context, { request, target, outgoing, done }).start()
    })
  }

  const targetOf = (target: Target, { tls }: AttemptRequest): Target | undefined => {
    if (tls === undefined) return target
    try {
      return identify(target, tls)
    } catch {
      return undefined
    }
  }

  return {
    send,
    close: async () => {
      closed = true
      await context.pool.close()
    },
  }
}

function createContext(
  { policy, tls = {}, dial = dialTcp }: UndiciTransportOptions,
  maxSockets: number,
  timers: Timers,
): AttemptContext {
  const connect = {
    vet: createVet(policy, timers),
    dial,
    proxy: policy.proxy,
    secure: createSecure(tls, policy.http2),
    timers,
    http2: policy.http2,
    development: policy.development,
  }
  return { pool: new Pool(connect, maxSockets), deadlines: createDeadlines(timers), timers }
}

const ownHeader: Failure = {
  errorClass: 'config',
  code: 'invalid_request',
  message: 'The request sets a header that HTTP itself needs.',
}

const badTls: Failure = {
  errorClass: 'config',
  code: 'invalid_tls',
  message:
    'The endpoint’s TLS settings are not valid PEM, or its key is not that of its certificate.',
}

/** Names and values in turn; undefined when one is not the caller's to set. */
function requestHeaders(
  given: Readonly<Record<string, string>>,
  userAgent: string,
): string[] | undefined {
  const headers = ['accept-encoding', 'identity']
  let named = false
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase()
    if (own.has(lower)) return undefined
    named ||= lower === 'user-agent'
    headers.push(name, value)
  }
  if (!named) headers.push('user-agent', userAgent)
  return headers
}

function refuse(failure: Failure): Promise<AttemptOutcome> {
  return Promise.resolve({ kind: 'error', ...failure, durationMs: 0 })
}
