// Written by scripts/embed-migrations.mjs from migrations/receiver/0001_initial.sql.
export const name = '0001_initial'

export const sql = `-- Receiver, version 1. Times are integer milliseconds since the Unix epoch.

-- What is being handled (\`token\` set, \`until\` is the lease's end) and what was handled (\`token\` NULL, \`until\` is the record's).
CREATE TABLE posthorn_claims (
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  token TEXT,
  until INTEGER NOT NULL,
  PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX posthorn_claims_until ON posthorn_claims (until);
`
