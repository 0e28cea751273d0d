import pg from 'pg'
import { createBatcher } from '../../lib/group.mjs'
import { createWorker } from '../../lib/worker.mjs'

const batch = 200

const schema = `
CREATE TABLE IF NOT EXISTS events (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE, type text NOT NULL, body text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS queue (
  event bigint PRIMARY KEY, leased_until timestamptz NOT NULL DEFAULT '-infinity', attempt int NOT NULL DEFAULT 0) WITH (fillfactor = 70);
CREATE TABLE IF NOT EXISTS deliveries (event bigint PRIMARY KEY, status text NOT NULL, finished_at timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS attempts (
  event bigint NOT NULL, attempt int NOT NULL, at timestamptz NOT NULL, status int NOT NULL, ms int NOT NULL, PRIMARY KEY (event, attempt));
`
const insertSql = `
WITH recorded AS (
  INSERT INTO events (id, type, body) SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) RETURNING seq)
INSERT INTO queue (event) SELECT seq FROM recorded`

const claimSql = `
WITH due AS (
  SELECT event FROM queue WHERE event > $1 AND leased_until < now() ORDER BY event LIMIT $2 FOR UPDATE SKIP LOCKED),
leased AS (
  UPDATE queue SET leased_until = now() + interval '45 s', attempt = queue.attempt + 1
  FROM due WHERE queue.event = due.event RETURNING queue.event, queue.attempt)
SELECT leased.event, leased.attempt, events.id, events.body FROM leased JOIN events ON events.seq = leased.event ORDER BY leased.event`

const settleSql = `
WITH done AS (
  SELECT * FROM unnest($1::bigint[], $2::int[], $3::float8[], $4::int[], $5::int[]) AS d(event, attempt, at, status, ms)),
logged AS (
  INSERT INTO attempts SELECT event, attempt, to_timestamp(at / 1000.0), status, ms FROM done),
finished AS (
  DELETE FROM queue USING done WHERE queue.event = done.event AND queue.attempt = done.attempt RETURNING queue.event)
INSERT INTO deliveries SELECT event, 'succeeded', now() FROM finished`

/**
 * An outbox as somebody who knows Postgres writes it: claims and results in batches, sends committed in groups, prepared statements, wake-up
 * within the process. It has no retries, no caps, no endpoints, no guard.
 *
 * `grouped: false`: each `send` is a commit of its own.
 */
export async function open({ database, grouped = true, ...rest }) {
  const pool = new pg.Pool({ connectionString: database, max: 10 })
  await pool.query(schema)
  const worker = createWorker({ ...rest, ...createQueue(pool), ahead: batch / 2 })
  // What another process inserted, committed late or left leased: found again from the start.
  const poll = setInterval(worker.wake, 1_000)
  const sendMany = async (events) => {
    await insert(pool, events)
    worker.wake()
  }
  return {
    send: grouped ? createBatcher(sendMany) : (event) => sendMany([event]),
    sendMany,
    async sendInTransaction(event) {
      await inTransaction(pool, (client) => insert(client, [event]))
      worker.wake()
    },
    start: worker.start,
    async close() {
      clearInterval(poll)
      await worker.close()
      await pool.end()
    },
  }
}

function insert(client, events) {
  const values = [
    events.map(({ id }) => id),
    events.map(({ type }) => type),
    events.map((event) => JSON.stringify(event)),
  ]
  return client.query({ name: 'insert', text: insertSql, values })
}

function createQueue(pool) {
  let cursor = 0
  let rewound = 0
  return {
    async claim() {
      if (performance.now() - rewound > 1_000) {
        cursor = 0
        rewound = performance.now()
      }
      const values = [cursor, batch]
      const { rows } = await pool.query({ name: 'claim', text: claimSql, values })
      cursor = rows.at(-1)?.event ?? cursor
      return rows
    },
    async settle(results) {
      const now = Date.now()
      const values = [
        results.map(({ row }) => row.event),
        results.map(({ row }) => row.attempt),
        results.map(({ at }) => at),
        results.map(({ status }) => status),
        results.map(({ at }) => now - at),
      ]
      await pool.query({ name: 'settle', text: settleSql, values })
    },
  }
}

async function inTransaction(pool, work) {
  const client = await pool.connect()
  await client.query('BEGIN')
  await work(client)
  await client.query('COMMIT')
  client.release()
}
