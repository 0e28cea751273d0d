import type { RedisLike } from './redis-like'

/** The part of ioredis that is used: a `Redis` or a `Cluster` fits. */
export interface IoredisLike {
  eval(script: string, numberOfKeys: number, ...keysAndArgs: string[]): Promise<unknown>
  evalsha(sha1: string, numberOfKeys: number, ...keysAndArgs: string[]): Promise<unknown>
}

/** The part of node-redis (`redis`, `@redis/client`, 4 and later) that is used: a client, a cluster or a pool fits. */
export interface NodeRedisLike {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/**
 * @example
 * const store = redisIdempotency({ client: fromIoredis(new Redis(url)) })
 */
export function fromIoredis(client: IoredisLike): RedisLike {
  return {
    eval: (script, keys, args) => client.eval(script, keys.length, ...keys, ...args),
    evalsha: (sha1, keys, args) => client.evalsha(sha1, keys.length, ...keys, ...args),
  }
}

/**
 * Its client has to be connected, and wants a listener for `error`.
 *
 * @example
 * const client = await createClient({ url }).connect()
 * const store = redisIdempotency({ client: fromNodeRedis(client) })
 */
export function fromNodeRedis(client: NodeRedisLike): RedisLike {
  return {
    eval: (script, keys, args) => client.eval(script, { keys, arguments: args }),
    evalsha: (sha1, keys, args) => client.evalSha(sha1, { keys, arguments: args }),
  }
}
