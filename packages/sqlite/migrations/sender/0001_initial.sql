-- Sender, version 1. Times are integer milliseconds since the Unix epoch. `seq` is one sequence over events and deliveries. Indexes name it
-- though each ends in it anyway: with some statistics, older versions of SQLite do not see the order otherwise. No CHECK lists more than two
-- values by IN: SQLite then builds a table of them for each row that it writes.

-- One row. `latest` is the newest `recorded_at` or `created_at` given out: these do not go back along `seq`, but for the `folds`, when the
-- clock was put back by more than an hour.
CREATE TABLE posthorn_counters (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  endpoints INTEGER NOT NULL,
  endpoint_changes INTEGER NOT NULL,
  endpoint_removals INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  turns INTEGER NOT NULL,
  latest INTEGER NOT NULL,
  folds INTEGER NOT NULL
) STRICT;

INSERT INTO posthorn_counters VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0);

-- `failing_since` NULL is healthy. `changed` is `endpoint_changes` at the last write: what caches have to reload.
CREATE TABLE posthorn_endpoints (
  seq INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  url TEXT NOT NULL,
  name TEXT,
  description TEXT,
  event_types TEXT NOT NULL,
  filter TEXT,
  status TEXT NOT NULL CHECK (status = 'enabled' OR status = 'paused' OR status = 'disabled'),
  disabled_reason TEXT,
  failing_since INTEGER,
  throttled_until INTEGER,
  headers TEXT NOT NULL,
  retry TEXT,
  timeout_ms INTEGER,
  envelope TEXT,
  schemes TEXT,
  secrets TEXT NOT NULL,
  metadata TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX posthorn_endpoints_id ON posthorn_endpoints (tenant_id, id);
CREATE INDEX posthorn_endpoints_tenant ON posthorn_endpoints (tenant_id, seq);
CREATE INDEX posthorn_endpoints_changed ON posthorn_endpoints (changed);

-- The canonical bytes lie in posthorn_payloads, so that a change of an event's state does not rewrite them.
-- `wanted`: deliveries to be made when it was fanned out. `deliveries`: rows it has. `renewals`: message ids of their own given to replays.
CREATE TABLE posthorn_events (
  seq INTEGER PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  version INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state = 'recorded' OR state = 'fanned_out' OR state = 'invalid'),
  issues TEXT,
  idempotency_key TEXT,
  ordering_key TEXT,
  metadata TEXT NOT NULL,
  wanted INTEGER NOT NULL,
  deliveries INTEGER NOT NULL,
  renewals INTEGER NOT NULL,
  pruned INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX posthorn_events_id ON posthorn_events (tenant_id, id);
CREATE INDEX posthorn_events_tenant ON posthorn_events (tenant_id, seq);
CREATE UNIQUE INDEX posthorn_events_key ON posthorn_events (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX posthorn_events_invalid ON posthorn_events (tenant_id, seq) WHERE state = 'invalid';
CREATE INDEX posthorn_events_orphans ON posthorn_events (pruned) WHERE pruned = 1 AND deliveries = 0;

CREATE TABLE posthorn_payloads (
  event_seq INTEGER PRIMARY KEY,
  body BLOB NOT NULL
) STRICT;

-- The same events in other envelopes.
CREATE TABLE posthorn_event_bodies (
  event_seq INTEGER NOT NULL,
  envelope TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX posthorn_event_bodies_envelope ON posthorn_event_bodies (event_seq, envelope);

-- Events recorded and not matched yet. `leased_until` 0: nobody holds it.
CREATE TABLE posthorn_unmatched (
  event_seq INTEGER PRIMARY KEY,
  horizon INTEGER NOT NULL,
  leased_until INTEGER NOT NULL,
  token INTEGER
) STRICT;

CREATE INDEX posthorn_unmatched_lease ON posthorn_unmatched (leased_until, event_seq);

-- Every delivery, once. `status` is NULL while it is in posthorn_queue, which then holds the progress.
CREATE TABLE posthorn_deliveries (
  seq INTEGER PRIMARY KEY,
  event_seq INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  endpoint_id TEXT NOT NULL,
  message_id TEXT,
  envelope TEXT,
  replay_of TEXT,
  created_at INTEGER NOT NULL,
  status TEXT CHECK (status = 'succeeded' OR status = 'failed' OR status = 'skipped' OR status = 'canceled'),
  reason TEXT,
  finished_at INTEGER,
  attempt INTEGER NOT NULL,
  lost INTEGER NOT NULL,
  solo_lost INTEGER NOT NULL,
  deferred INTEGER NOT NULL,
  last_status INTEGER
) STRICT;

CREATE UNIQUE INDEX posthorn_deliveries_id ON posthorn_deliveries (tenant_id, id);
CREATE INDEX posthorn_deliveries_tenant ON posthorn_deliveries (tenant_id, seq);
CREATE INDEX posthorn_deliveries_endpoint ON posthorn_deliveries (endpoint_id, seq);
CREATE INDEX posthorn_deliveries_event ON posthorn_deliveries (event_seq, seq);
CREATE INDEX posthorn_deliveries_unsent ON posthorn_deliveries (status, tenant_id, seq) WHERE status IS NOT NULL AND status <> 'succeeded';

-- What is unfinished, and nothing else. `lane` is the endpoint's `seq`. `line`: 0 waits, 1 waits as a suspect, NULL is under a lease.
-- `token` is NULL while pending; with a `line`, it is that of a lease that ran out. The last six columns repeat posthorn_deliveries.
CREATE TABLE posthorn_queue (
  seq INTEGER PRIMARY KEY,
  lane INTEGER NOT NULL,
  line INTEGER,
  due_at INTEGER NOT NULL,
  leased_until INTEGER,
  token INTEGER,
  solo INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  lost INTEGER NOT NULL,
  solo_lost INTEGER NOT NULL,
  deferred INTEGER NOT NULL,
  last_status INTEGER,
  event_seq INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  message_id TEXT,
  envelope TEXT,
  created_at INTEGER NOT NULL
) STRICT;

-- What is finished is not in the queue.
CREATE TRIGGER posthorn_deliveries_finished AFTER UPDATE OF status ON posthorn_deliveries
WHEN NEW.status IS NOT NULL
BEGIN
  DELETE FROM posthorn_queue WHERE seq = NEW.seq;
END;

CREATE INDEX posthorn_queue_waiting ON posthorn_queue (line, lane, due_at, seq) WHERE line IS NOT NULL;
CREATE INDEX posthorn_queue_leased ON posthorn_queue (line, leased_until, lane) WHERE line IS NULL;

-- One row for each endpoint: its place in the line of those with due work (`turn`), or when it joins it (`wake_at`, never later than its
-- first waiting delivery is due). `opens_at` is NULL while the endpoint is paused.
CREATE TABLE posthorn_lanes (
  lane INTEGER PRIMARY KEY,
  failing INTEGER NOT NULL,
  opens_at INTEGER,
  turn INTEGER,
  wake_at INTEGER,
  solo_turn INTEGER NOT NULL
) STRICT;

CREATE INDEX posthorn_lanes_line ON posthorn_lanes (failing, turn, lane) WHERE turn IS NOT NULL;
CREATE INDEX posthorn_lanes_timer ON posthorn_lanes (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE posthorn_attempts (
  delivery_seq INTEGER NOT NULL,
  number INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  status INTEGER,
  response_headers TEXT,
  response_truncated INTEGER,
  error_code TEXT,
  error_message TEXT,
  duplicate INTEGER,
  fresh_socket INTEGER,
  response_body BLOB,
  PRIMARY KEY (delivery_seq, number, started_at)
) STRICT, WITHOUT ROWID;

-- How many rows of posthorn_deliveries have each final status.
CREATE TABLE posthorn_tallies (
  tenant_id TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, status)
) STRICT, WITHOUT ROWID;
