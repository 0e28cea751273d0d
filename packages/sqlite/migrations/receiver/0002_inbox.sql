-- Receiver, version 2: the inbox. Times are integer milliseconds since the Unix epoch.

-- A message as it was verified, and the handlers it is for, as a JSON array.
CREATE TABLE posthorn_inbox (
  seq INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  type TEXT NOT NULL,
  body BLOB NOT NULL,
  facts TEXT NOT NULL,
  handlers TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  UNIQUE (source, id)
) STRICT;

CREATE INDEX posthorn_inbox_received ON posthorn_inbox (received_at);

-- What one handler has to do with one message: `pending`, `done` or `dead`. `at` is when a pending one may be claimed (its next try, or the
-- end of its lease, which it has while `token` is set), and when any other ended.
CREATE TABLE posthorn_inbox_tasks (
  seq INTEGER NOT NULL,
  handler TEXT NOT NULL,
  state TEXT NOT NULL,
  at INTEGER NOT NULL,
  token TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  code TEXT,
  PRIMARY KEY (seq, handler)
) STRICT, WITHOUT ROWID;

CREATE INDEX posthorn_inbox_pending ON posthorn_inbox_tasks (at) WHERE state = 'pending';
CREATE INDEX posthorn_inbox_dead ON posthorn_inbox_tasks (at, seq, handler) WHERE state = 'dead';

-- So that a message and its tasks are one statement, whatever the handle is set to.
CREATE TRIGGER posthorn_inbox_accepted AFTER INSERT ON posthorn_inbox BEGIN
  INSERT INTO posthorn_inbox_tasks (seq, handler, state, at)
  SELECT new.seq, value, 'pending', new.received_at FROM json_each(new.handlers);
END;

CREATE TRIGGER posthorn_inbox_pruned AFTER DELETE ON posthorn_inbox BEGIN
  DELETE FROM posthorn_inbox_tasks WHERE seq = old.seq;
END;
