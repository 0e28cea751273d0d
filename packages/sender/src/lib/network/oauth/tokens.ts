import type { AttemptOutcome, AttemptRequest } from '../../ports/transport'
import { putBounded } from '../transport/bounded'
import { readTokenAnswer, type TokenAnswer } from './answer'
import { type TokenGrant, tokenRequest } from './request'

/** Access tokens by whom they are for. */
export interface Tokens {
  /**
   * The token that is kept, or a new one. Those who ask for the same while it is on its way wait for it. Rejects only when the secret
   * cannot be opened.
   */
  get(wanted: WantedToken, timeoutMs: number): Promise<TokenAnswer>
  /** Forgets a token that the endpoint did not accept, unless a newer one has taken its place. */
  drop(key: string, token: string): void
}

export interface WantedToken extends TokenGrant {
  /** Same key, same token: it names the endpoint and everything that the token depends on. */
  readonly key: string
  /** Called only when a token has to be asked for. */
  readonly clientSecret: () => string | Promise<string>
}

interface Kept {
  readonly token: string
  readonly until: number
}

const most = 10_000

export function createTokens(
  send: (request: AttemptRequest) => Promise<AttemptOutcome>,
  now: () => number,
): Tokens {
  const kept = new Map<string, Kept>()
  const underWay = new Map<string, Promise<TokenAnswer>>()

  const fetch = async (wanted: WantedToken, timeoutMs: number): Promise<TokenAnswer> => {
    const secret = await wanted.clientSecret()
    const asked = now()
    const answer = readTokenAnswer(await send(tokenRequest(wanted, secret, timeoutMs)))
    if (answer.ok && answer.lifetimeMs > 0) {
      const { token, lifetimeMs } = answer
      putBounded(kept, wanted.key, { token, until: asked + lifetimeMs }, most)
    }
    return answer
  }

  return {
    async get(wanted, timeoutMs) {
      const { key } = wanted
      const found = kept.get(key)
      if (found !== undefined && found.until > now()) {
        return { ok: true, token: found.token, lifetimeMs: found.until - now() }
      }
      const begun = underWay.get(key)
      if (begun !== undefined) return begun
      const fetching = fetch(wanted, timeoutMs).finally(() => underWay.delete(key))
      underWay.set(key, fetching)
      return fetching
    },
    drop(key, token) {
      if (kept.get(key)?.token === token) kept.delete(key)
    },
  }
}
