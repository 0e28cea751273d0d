import { createHash } from 'node:crypto'

/** A Lua script, with the digest that Redis knows it by. */
export interface Script {
  readonly text: string
  readonly sha1: string
}

/**
 * A key is a hash: `fingerprint`, and while claimed `token` and `until`, the end of the lease in milliseconds since the Unix epoch by the
 * server's clock. Redis itself drops a record when its lifetime is over, and a claim a day after its lease ran out.
 *
 * Numbers in Lua are floats, and 13 digits would be written with an exponent: hence `%.0f`.
 */
const now = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

const holds = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
`

const lease = (ms: string) => `
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ${ms}))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ${ms} + 86400000))
`

/** ARGV: fingerprint, token, lease in ms. */
export const CLAIM = script(`${now}
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'token', 'until')
local done = known[1] and not known[2]
local left = known[2] and tonumber(known[3]) - now or 0
if done or left > 0 then
  if known[1] ~= ARGV[1] then return {'mismatch'} end
  if done then return {'done'} end
  return {'in_flight', left}
end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2])
${lease('ARGV[3]')}
return {'acquired'}`)

/** ARGV: token, lease in ms. */
export const RENEW = script(`${holds}${now}${lease('ARGV[2]')}
return 1`)

/** ARGV: token, lifetime in ms. */
export const COMPLETE = script(`${holds}
redis.call('HDEL', KEYS[1], 'token', 'until')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`)

/** ARGV: token. */
export const RELEASE = script(`${holds}
return redis.call('DEL', KEYS[1])`)

/**
 * A key is the version, which Redis drops when it has not been raised for the lifetime, if there is one. Bytes are compared one by one, as Lua's
 * own `<` goes by the server's locale.
 */
const isNewer = `
local function isLower(one, other)
  for index = 1, math.min(#one, #other) do
    local a, b = string.byte(one, index), string.byte(other, index)
    if a ~= b then return a < b end
  end
  return #one < #other
end
local known = redis.call('GET', KEYS[1])
local isNewer = not known or isLower(known, ARGV[1])
`

/** ARGV: version. */
export const IS_NEWER = script(`${isNewer}
return isNewer and 1 or 0`)

/** ARGV: version, lifetime in ms or nothing. */
export const ADVANCE = script(`${isNewer}
if not isNewer then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
if ARGV[2] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1`)

function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') }
}
