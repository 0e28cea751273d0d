import { randomUUID } from 'node:crypto'
import type {
  ClaimKey,
  ClaimResult,
  IdempotencyStore,
  NoHostTransactions,
} from '@posthorn/receiver'
import { WebhookError } from '@posthorn/schema'
import { isOne, nameOf, type RedisStoreOptions, scriptsOf, whole } from './run-script'
import { CLAIM, COMPLETE, RELEASE, RENEW, type Script } from './scripts'

export type RedisIdempotencyOptions = RedisStoreOptions

export interface RedisIdempotency extends IdempotencyStore {
  readonly host: NoHostTransactions
  /** Refuses further calls. The client stays open: it is its owner's. */
  close(): void
}

/**
 * Remembers in Redis (5 or newer, also a cluster) what was handled: one key for each message, one Lua script for each operation, by the
 * server's clock. Nothing has to be migrated or pruned, as Redis drops keys itself.
 *
 * What it remembers is as durable as that Redis is: a key that is lost (no append-only file, a fail-over before the replica had it, eviction)
 * has its message handled again when another copy comes. Set `maxmemory-policy noeviction`. There is no transactional mode.
 *
 * @throws TypeError for options that cannot be meant.
 * @example
 * const receiver = createReceiver({
 *   secrets: fromEnv('WEBHOOK_SECRET'),
 *   idempotency: { store: redisIdempotency({ client: fromIoredis(redis) }), source: 'billing' },
 * })
 */
export function redisIdempotency(options: RedisIdempotencyOptions): RedisIdempotency {
  const scripts = scriptsOf(options, 'redisIdempotency')
  const run = (script: Script, { source, id }: ClaimKey, ...args: string[]) =>
    scripts.run(script, nameOf(source, id), ...args)
  return {
    host: { kind: 'none' },
    async claim(key, fingerprint, leaseMs) {
      const token = randomUUID()
      return resultOf(await run(CLAIM, key, fingerprint, token, whole(leaseMs)), token)
    },
    renew: async (claim, leaseMs) => isOne(await run(RENEW, claim, claim.token, whole(leaseMs))),
    complete: async (claim, retainMs) =>
      isOne(await run(COMPLETE, claim, claim.token, whole(retainMs))),
    release: async (claim) => isOne(await run(RELEASE, claim, claim.token)),
    close: scripts.close,
  }
}

function resultOf(answer: unknown, token: string): ClaimResult {
  const [state, left] = Array.isArray(answer) ? answer : []
  switch (String(state)) {
    case 'acquired':
      return { state: 'acquired', token }
    case 'in_flight':
      return { state: 'in_flight', retryInMs: Number(left) }
    case 'done':
      return { state: 'done' }
    case 'mismatch':
      return { state: 'mismatch' }
    default:
      throw new WebhookError('store_failed', 'Redis answered what the script never does.')
  }
}
