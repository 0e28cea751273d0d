// Written by scripts/embed-migrations.mjs from migrations/receiver/0002_inbox.sql.
export const name = '0002_inbox'

export const sql = `-- Receiver, version 2: the inbox. Times are integer milliseconds since the Unix epoch, by the database's clock.

-- A message as it was verified. \`key\` is the SHA-256 of source and id, which may be longer than an index takes.
CREATE TABLE posthorn.inbox (
  key bytea PRIMARY KEY,
  source text NOT NULL,
  id text NOT NULL,
  fingerprint text NOT NULL,
  type text NOT NULL,
  body bytea NOT NULL,
  facts text NOT NULL,
  received_at bigint NOT NULL
);

CREATE INDEX inbox_received ON posthorn.inbox (received_at);

-- What one handler has to do with one message: \`pending\`, \`done\` or \`dead\`. \`at\` is when a pending one may be claimed (its next try, or the
-- end of its lease, which it has while \`token\` is set), and when any other ended.
CREATE TABLE posthorn.inbox_tasks (
  key bytea NOT NULL REFERENCES posthorn.inbox (key) ON DELETE CASCADE,
  handler text NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  at bigint NOT NULL,
  token text,
  attempts integer NOT NULL DEFAULT 0,
  reason text,
  code text,
  PRIMARY KEY (key, handler)
);

CREATE INDEX inbox_tasks_pending ON posthorn.inbox_tasks (at) WHERE state = 'pending';
CREATE INDEX inbox_tasks_dead ON posthorn.inbox_tasks (at, key, handler) WHERE state = 'dead';
`
