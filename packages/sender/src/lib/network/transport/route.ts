import type { NetworkPolicy } from '../policy'
import { checkUrl, type UrlVerdict } from '../url'
import { hostOf, portOf } from '../url-parts'
import { putBounded } from './bounded'
import { type Failure, unreachable } from './failure'
import type { Identity } from './identities'

/** Where to connect. `key` is what sockets may be shared under. */
export interface Target {
  readonly key: string
  readonly origin: string
  /** To look up or to dial: no brackets, no trailing dot. */
  readonly hostname: string
  readonly port: number
  readonly secure: boolean
  /** TLS settings of its own. */
  readonly identity?: Identity
}

export type Route =
  | { readonly kind: 'open'; readonly target: Target; readonly path: string }
  | { readonly kind: 'refused'; readonly failure: Failure }

const most = 1000

/** Judges each URL once per transport, since its policy never changes; what depends on DNS is judged at each connection. */
export function createRoutes(policy: NetworkPolicy): (url: string) => Route {
  const routes = new Map<string, Route>()
  return (url) => {
    const known = routes.get(url)
    if (known !== undefined) return known
    const route = toRoute(checkUrl(url, policy))
    putBounded(routes, url, route, most)
    return route
  }
}

function toRoute(verdict: UrlVerdict): Route {
  if (!verdict.allowed) return { kind: 'refused', failure: refusal(verdict) }
  const { url } = verdict
  const target: Target = {
    key: url.origin,
    origin: url.origin,
    hostname: hostOf(url),
    port: portOf(url),
    secure: url.protocol === 'https:',
  }
  return { kind: 'open', target, path: url.pathname + url.search }
}

function refusal(verdict: Extract<UrlVerdict, { allowed: false }>): Failure {
  if (verdict.code === 'forbidden_address') return unreachable('forbidden_address', verdict.reason)
  return {
    errorClass: 'config',
    code: verdict.code,
    message: verdict.message,
    detail: verdict.reason,
  }
}
