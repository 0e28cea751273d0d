import { isUnknownScript, storeClosed, toStoreError } from './errors'
import type { RedisLike } from './redis-like'
import type { Script } from './scripts'

/** What every store here is told. */
export interface RedisStoreOptions {
  /** A client of the host's, as `fromIoredis` or `fromNodeRedis` give it. */
  readonly client: RedisLike
  /** What every key begins with. Default `'posthorn:'`. */
  readonly prefix?: string
}

/** Runs scripts of one key each, until it is closed. */
export interface Scripts {
  run(script: Script, key: string, ...args: string[]): Promise<unknown>
  close(): void
}

/** @throws TypeError for options that cannot be meant; `store` is named in it. */
export function scriptsOf(options: RedisStoreOptions, store: string): Scripts {
  const { client, prefix = 'posthorn:' } = options
  if (!isRedis(client)) {
    throw new TypeError(`${store}: client must come from fromIoredis or fromNodeRedis`)
  }
  if (typeof prefix !== 'string') throw new TypeError(`${store}: prefix must be a string`)
  let closed = false
  return {
    async run(script, key, ...args) {
      if (closed) throw storeClosed()
      return runScript(client, script, `${prefix}${key}`, args)
    },
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
export const nameOf = (source: string, id: string): string => `${source.length}:${source}:${id}`

/** Numbers come as numbers, as strings or as BigInt, as the client was set up. */
export const isOne = (answer: unknown): boolean => Number(answer) === 1

export const whole = (ms: number): string => String(Math.round(ms))

function isRedis(value: unknown): value is RedisLike {
  if (typeof value !== 'object' || value === null) return false
  return ['eval', 'evalsha'].every((name) => typeof Reflect.get(value, name) === 'function')
}
