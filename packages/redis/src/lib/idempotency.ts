import { randomUUID } from 'node:crypto'
import type {
  ClaimKey,
  ClaimResult,
  IdempotencyStore,
  NoHostTransactions,
} from '@posthorn/receiver'
import { WebhookError } from '@posthorn/schema'
import { isUnknownScript, storeClosed, toStoreError } from './errors'
import type { RedisLike } from './redis-like'
import { CLAIM, COMPLETE, RELEASE, RENEW, type Script } from './scripts'

export interface RedisIdempotencyOptions {
  /** A client of the host's, as `fromIoredis` or `fromNodeRedis` give it. */
  readonly client: RedisLike
  /** What every key begins with. Default `'posthorn:'`. */
  readonly prefix?: string
}

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
  const { client, prefix = 'posthorn:' } = options
  if (!isRedis(client)) {
    throw new TypeError('redisIdempotency: client must come from fromIoredis or fromNodeRedis')
  }
  if (typeof prefix !== 'string') throw new TypeError('redisIdempotency: prefix must be a string')
  let closed = false
  const run = async (script: Script, key: ClaimKey, ...args: string[]): Promise<unknown> => {
    if (closed) throw storeClosed()
    return runScript(client, script, nameOf(prefix, key), args)
  }
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
    close() {
      closed = true
    },
  }
}

async function runScript(
  client: RedisLike,
  { text, sha1 }: Script,
  key: string,
  args: string[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha1, [key], args)
  } catch (error) {
    if (!isUnknownScript(error)) throw toStoreError(error)
  }
  try {
    return await client.eval(text, [key], args)
  } catch (error) {
    throw toStoreError(error)
  }
}

/** The length keeps `('a', 'b:c')` and `('a:b', 'c')` apart. */
function nameOf(prefix: string, { source, id }: ClaimKey): string {
  return `${prefix}${source.length}:${source}:${id}`
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

/** Numbers come as numbers, as strings or as BigInt, as the client was set up. */
const isOne = (answer: unknown): boolean => Number(answer) === 1

const whole = (ms: number): string => String(Math.round(ms))

function isRedis(value: unknown): value is RedisLike {
  if (typeof value !== 'object' || value === null) return false
  return ['eval', 'evalsha'].every((name) => typeof Reflect.get(value, name) === 'function')
}
