const schema = `
CREATE TABLE attempts (
  id text NOT NULL, attempt int NOT NULL, at timestamptz NOT NULL, status int NOT NULL, ms int NOT NULL,
  PRIMARY KEY (id, attempt)
)`
const insert = `
INSERT INTO attempts
SELECT id, attempt, to_timestamp(at / 1000.0), status, ms
FROM unnest($1::text[], $2::int[], $3::float8[], $4::int[], $5::int[]) AS a(id, attempt, at, status, ms)`

/** The log of attempts of the queues that keep none: a row each, in one statement for as many as there are. */
export async function createAttemptLog(pool) {
  await pool.query(schema)
  /** Of `{ id, attempt, at, status }`, `at` in milliseconds. */
  return async function log(attempts) {
    const now = Date.now()
    const column = (value) => attempts.map(value)
    await pool.query({
      name: 'log',
      text: insert,
      values: [
        column(({ id }) => id),
        column(({ attempt }) => attempt),
        column(({ at }) => at),
        column(({ status }) => status),
        column(({ at }) => now - at),
      ],
    })
  }
}
