import type { NetworkPolicy } from '../policy'
import { checkUrl, defaultPort, hostOf, type UrlVerdict } from '../url'
import { type Failure, unreachable } from './failure'

/** Where to connect. `key` is what sockets may be shared under. */
export interface Target {
  readonly key: string
  readonly origin: string
  /** To look up or to dial: no brackets, no trailing dot. */
  readonly hostname: string
  readonly port: number
  readonly secure: boolean
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
    if (routes.size >= most) forgetOldest(routes)
    routes.set(url, route)
    return route
  }
}

function forgetOldest(routes: Map<string, Route>): void {
  for (const url of routes.keys()) {
    routes.delete(url)
    return
  }
}

function toRoute(verdict: UrlVerdict): Route {
  if (!verdict.allowed) return { kind: 'refused', failure: refusal(verdict) }
  const { url } = verdict
  const target: Target = {
    key: url.origin,
    origin: url.origin,
    hostname: hostOf(url),
    port: url.port === '' ? defaultPort(url) : Number(url.port),
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
