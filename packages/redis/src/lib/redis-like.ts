/**
 * The part of a Redis client that is used: Lua scripts, of one key each. Answers what Redis did: strings, numbers and arrays of them.
 * `fromIoredis` and `fromNodeRedis` make one.
 */
export interface RedisLike {
  eval(script: string, keys: string[], args: string[]): Promise<unknown>
  evalsha(sha1: string, keys: string[], args: string[]): Promise<unknown>
}
