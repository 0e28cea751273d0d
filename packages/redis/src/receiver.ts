export {
  fromIoredis,
  fromNodeRedis,
  type IoredisLike,
  type NodeRedisLike,
} from './lib/clients'
export {
  type RedisIdempotency,
  type RedisIdempotencyOptions,
  redisIdempotency,
} from './lib/idempotency'
export { type RedisOrder, type RedisOrderOptions, redisOrder } from './lib/order'
export type { RedisLike } from './lib/redis-like'
