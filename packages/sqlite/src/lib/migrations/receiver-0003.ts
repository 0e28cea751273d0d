// Written by scripts/embed-migrations.mjs from migrations/receiver/0003_order.sql.
export const name = '0003_order'

export const sql = `-- Receiver, version 3: the guard of order. Times are integer milliseconds since the Unix epoch.

-- The highest version that was handled, for each key; compared by character codes.
CREATE TABLE posthorn_last_versions (
  source TEXT NOT NULL,
  key TEXT NOT NULL,
  version TEXT NOT NULL,
  raised_at INTEGER NOT NULL,
  PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
`
