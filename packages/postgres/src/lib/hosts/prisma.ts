import type { PgClientLike } from '../pg-client-like'
import { propertyOf, unwrapped } from './driver-error'

/** The part of what Prisma's interactive `$transaction` gives that is used. */
export interface PrismaLike {
  $queryRawUnsafe(query: string, ...values: string[]): PromiseLike<unknown>
}

/**
 * Makes a transaction of Prisma fit as `tx` of `send` and `enqueue`.
 *
 * @example
 * ```ts ignore
 * await prisma.$transaction(async (tx) => {
 *   await tx.run.create({ data: run })
 *   await sender.send({ type: 'run.completed', data: run }, { tx: prismaTx(tx) })
 * })
 * sender.wake()
 * ```
 */
export function prismaTx(tx: PrismaLike): PgClientLike {
  return {
    async query(text, values = []) {
      const rows = await unwrapped(tx.$queryRawUnsafe(text, ...values), driverErrorOf)
      if (Array.isArray(rows)) return { rows }
      throw new TypeError('prismaTx: Prisma answered no rows: is its database Postgres?')
    },
  }
}

/** The SQLSTATE lies where an engine (`meta.code`) or a driver adapter puts it. */
function driverErrorOf(error: object): unknown {
  const meta = propertyOf(error, 'meta')
  const adapter = propertyOf(propertyOf(meta, 'driverAdapterError'), 'cause')
  const code = propertyOf(adapter, 'originalCode') ?? propertyOf(meta, 'code')
  if (typeof code !== 'string') return undefined
  const message = propertyOf(adapter, 'originalMessage') ?? propertyOf(meta, 'message')
  return Object.assign(new Error(String(message), { cause: error }), { code })
}
