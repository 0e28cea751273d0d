import pg from 'pg'

/**
 * A pool whose connections may be cut at any time: `pool.end()` answers before the server has let go of them, and a server that stops
 * meanwhile tells so on each, when nobody listens any more.
 */
export function openPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, ...options })
  return pool.on('error', ignored).on('connect', (client) => client.on('error', ignored))
}

/** A single connection, not connected yet, that may be cut at any time. */
export function openClient(url: string, options: pg.ClientConfig = {}): pg.Client {
  return new pg.Client({ connectionString: url, ...options }).on('error', ignored)
}

function ignored(): void {}
