export { type PrismaLike, prismaTx } from './lib/hosts/prisma'
export type { PgClientLike } from './lib/pg-client-like'
