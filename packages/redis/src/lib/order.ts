import type { NoHostTransactions, OrderKey, OrderStore } from '@posthorn/receiver'
import { type Duration, parseDuration } from '@posthorn/schema'
import { isOne, nameOf, type RedisStoreOptions, scriptsOf, whole } from './run-script'
import { ADVANCE, IS_NEWER, type Script } from './scripts'

export interface RedisOrderOptions extends RedisStoreOptions {
  /**
   * After how long without a new version Redis forgets a key; an older event is then handled again. Default: never. Takes the place of the
   * receiver's `order.retention`, as Redis drops keys itself.
   */
  readonly retention?: Duration
}

export interface RedisOrder extends OrderStore {
  /** A handler's writes and its version cannot commit together: they are in two databases. */
  readonly host: NoHostTransactions
  /** Refuses further calls. The client stays open: it is its owner's. */
  close(): void
}

/**
 * Remembers in Redis (5 or newer, also a cluster) the highest version that was handled, for each key: one Redis key for each, one Lua script for each
 * operation.
 *
 * Without a transaction the guard looks before the handler and raises after it: two handlers of a key that run at the same time both run, and which of
 * them writes last is not decided here. For that, `postgresOrder` or `sqliteOrder` in transactional mode. What Redis loses, is forgotten: an older
 * event is then handled again.
 *
 * @throws TypeError for options that cannot be meant.
 * @example
 * const receiver = createReceiver({
 *   secrets: fromEnv('WEBHOOK_SECRET'),
 *   idempotency: { store: redisIdempotency({ client }), source: 'billing' },
 *   order: { store: redisOrder({ client }), key: (event) => event.data.orderId, version: (event) => event.timestamp },
 * })
 */
export function redisOrder(options: RedisOrderOptions): RedisOrder {
  const scripts = scriptsOf(options, 'redisOrder')
  const lifetime = lifetimeOf(options.retention)
  const ask = async (script: Script, { source, key }: OrderKey, ...args: string[]) =>
    isOne(await scripts.run(script, `order:${nameOf(source, key)}`, ...args))
  return {
    host: { kind: 'none' },
    isNewer: (key, version) => ask(IS_NEWER, key, version),
    advance: (key, version) => ask(ADVANCE, key, version, ...lifetime),
    close: scripts.close,
  }
}

function lifetimeOf(retention: Duration | undefined): string[] {
  if (retention === undefined) return []
  const ms = parseDuration(retention, 'redisOrder: retention')
  if (ms > 0) return [whole(ms)]
  throw new TypeError('redisOrder: retention must be longer than nothing')
}
