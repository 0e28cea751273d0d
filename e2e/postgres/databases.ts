import type pg from 'pg'
import { openPool } from './connections'
import { startDatabase } from './own-database'

/** What a contract suite asks of a database: stores of one kind, each in a schema of its own unless it is opened again. */
export interface Databases<Store extends object> {
  create(): Store
  /** A further store, through a pool of its own, on the schema of another. */
  reopen(store: object): Store
  stop(): Promise<void>
}

export async function startDatabases<Store extends object>(
  open: (client: pg.Pool, schema: string) => Store,
): Promise<Databases<Store>> {
  const server = await startDatabase()
  const [pool, second] = [openPool(server.url, { max: 12 }), openPool(server.url, { max: 12 })]
  const schemas = new Map<object, string>()
  const opened = (client: pg.Pool, schema: string): Store => {
    const store = open(client, schema)
    schemas.set(store, schema)
    return store
  }
  return {
    create: () => opened(pool, `law_${schemas.size}`),
    reopen(store) {
      const schema = schemas.get(store)
      if (schema === undefined) throw new TypeError('this store has no schema here')
      return opened(second, schema)
    },
    async stop() {
      await Promise.all([pool.end(), second.end()])
      await server.stop()
    },
  }
}
