// Written by scripts/embed-migrations.mjs from migrations/sender/0001_tables.sql.
export const name = '0001_tables'

export const sql = `-- Sender, version 1: the tables. Times are integer milliseconds since the Unix epoch, by the database's clock.
-- Every key of a tenant's rows begins with the tenant, and no constraint joins two tables.

-- One order over events and deliveries; one over endpoints; the fencing tokens.
CREATE SEQUENCE posthorn.positions;
CREATE SEQUENCE posthorn.lanes;
CREATE SEQUENCE posthorn.tokens;

-- What the store itself never looks at lies in \`settings\`, as JSON. \`lane\` is the endpoint's place in the order of creation, and names its part
-- of the queue. \`failing_since\` NULL is healthy.
CREATE TABLE posthorn.endpoints (
  tenant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  lane bigint NOT NULL,
  revision integer NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  url text NOT NULL,
  status text NOT NULL CHECK (status IN ('enabled', 'paused', 'disabled')),
  disabled_reason text,
  failing_since bigint,
  probe_at bigint,
  throttled_until bigint,
  ordered text CHECK (ordered IN ('block', 'proceed')),
  rate_limit integer,
  rate_per_ms double precision,
  settings text NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX endpoints_tenant ON posthorn.endpoints (tenant_id, lane);
CREATE INDEX endpoints_lane ON posthorn.endpoints (lane);

-- When the next request to a rate-limited endpoint would begin, if each took its interval (GCRA).
CREATE TABLE posthorn.paces (
  tenant_id text COLLATE "C" NOT NULL,
  lane bigint NOT NULL,
  due double precision NOT NULL,
  PRIMARY KEY (tenant_id, lane)
) WITH (fillfactor = 30);

-- \`body\` NULL: pruned. \`ascii\`: it is plain ASCII, and so is text as it is. \`wanted\`: deliveries to be made when it was fanned out. \`renewals\`: message ids of their own given to replays.
-- \`writer\`: the transaction that wrote it, so that who pages forward finds those that were committed behind it. Its numbers only grow with the
-- rows, so an index of ranges of blocks is enough, and costs an insert next to nothing.
CREATE TABLE posthorn.events (
  tenant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  type text NOT NULL,
  version integer NOT NULL,
  "timestamp" bigint NOT NULL,
  recorded_at bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('recorded', 'fanned_out', 'invalid')),
  issues text,
  idempotency_key text COLLATE "C",
  ordering_key text COLLATE "C",
  metadata text NOT NULL,
  wanted integer NOT NULL,
  renewals integer NOT NULL DEFAULT 0,
  body bytea,
  ascii boolean NOT NULL,
  writer bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX events_key ON posthorn.events (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- Where a table was empty when it was last analysed, all indexes that begin with the tenant look as cheap for one row, and the key has to be the one
-- that is taken. So this serves only who says \`seq > 0\`, as all rows have it, when asking for a list.
CREATE INDEX events_log ON posthorn.events (tenant_id, recorded_at, seq) WHERE seq > 0;
CREATE INDEX events_time ON posthorn.events (recorded_at, seq);
CREATE INDEX events_pruned ON posthorn.events (recorded_at) WHERE body IS NULL;
CREATE INDEX events_writer ON posthorn.events USING brin (writer) WITH (pages_per_range = 16);

-- The same events in other envelopes.
CREATE TABLE posthorn.bodies (
  tenant_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  envelope text COLLATE "C" NOT NULL,
  body bytea NOT NULL,
  ascii boolean NOT NULL,
  PRIMARY KEY (tenant_id, event_id, envelope)
);

-- Events recorded and not matched yet. \`leased_until\` 0: nobody holds it. \`unchecked\`: its data was not held against the catalogue.
CREATE TABLE posthorn.unmatched (
  tenant_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  ordering_key text COLLATE "C",
  horizon bigint NOT NULL,
  leased_until bigint NOT NULL DEFAULT 0,
  token bigint,
  unchecked boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, event_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);

CREATE INDEX unmatched_order ON posthorn.unmatched (seq);
CREATE INDEX unmatched_key ON posthorn.unmatched (tenant_id, ordering_key, seq) WHERE ordering_key IS NOT NULL;

-- What is unfinished, and nothing else. No index has a column that a lease changes, so that a lease is a HOT update.
-- \`token\` NULL is pending; with a \`leased_until\` in the past, it is that of a lease which ran out.
-- \`position\`: its place in the line of its ordering key. \`message_id\` NULL: the event's id.
-- A claim leases all rows of a page at once, and what was there before goes only with its transaction: so half of each page is left free.
CREATE TABLE posthorn.queue (
  tenant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  lane bigint NOT NULL,
  endpoint_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  "position" bigint NOT NULL,
  order_key text COLLATE "C",
  due_at bigint NOT NULL,
  leased_until bigint NOT NULL DEFAULT 0,
  token bigint,
  solo boolean NOT NULL DEFAULT false,
  attempt integer NOT NULL DEFAULT 0,
  lost integer NOT NULL DEFAULT 0,
  solo_lost integer NOT NULL DEFAULT 0,
  deferred integer NOT NULL DEFAULT 0,
  last_status integer,
  message_id text,
  envelope text COLLATE "C",
  replay_of text,
  created_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

CREATE INDEX queue_lane ON posthorn.queue (lane, due_at, seq);
CREATE INDEX queue_line ON posthorn.queue (lane, order_key, "position", seq) WHERE order_key IS NOT NULL;
-- As with events: they serve who says \`created_at > 0\` when asking for an event's, or \`seq > 0\` for a list.
CREATE INDEX queue_event ON posthorn.queue (tenant_id, event_id) WHERE created_at > 0;
CREATE INDEX queue_log ON posthorn.queue (tenant_id, created_at, seq) WHERE seq > 0;
CREATE INDEX queue_suspects ON posthorn.queue (lane, due_at) WHERE lost >= 1;

-- What is finished. \`message_id\` NULL: the event's id.
CREATE TABLE posthorn.deliveries (
  tenant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  endpoint_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  status text NOT NULL CHECK (status IN ('succeeded', 'failed', 'skipped', 'canceled')),
  reason text,
  attempt integer NOT NULL,
  lost integer NOT NULL,
  solo_lost integer NOT NULL,
  deferred integer NOT NULL,
  last_status integer,
  message_id text,
  replay_of text,
  created_at bigint NOT NULL,
  finished_at bigint NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

CREATE INDEX deliveries_log ON posthorn.deliveries (tenant_id, created_at, seq);
CREATE INDEX deliveries_endpoint ON posthorn.deliveries (tenant_id, endpoint_id, created_at, seq);
CREATE INDEX deliveries_event ON posthorn.deliveries (tenant_id, event_id);
CREATE INDEX deliveries_unsent ON posthorn.deliveries (tenant_id, status, created_at, seq) WHERE status <> 'succeeded';

-- Keys that wait because a delivery failed: which one, of which event, and where it stood.
CREATE TABLE posthorn.blocked (
  tenant_id text COLLATE "C" NOT NULL,
  lane bigint NOT NULL,
  order_key text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  delivery_id text COLLATE "C" NOT NULL,
  "position" bigint NOT NULL,
  PRIMARY KEY (tenant_id, lane, order_key)
);

CREATE INDEX blocked_delivery ON posthorn.blocked (tenant_id, delivery_id);
CREATE INDEX blocked_event ON posthorn.blocked (tenant_id, event_id);

-- A partition a day, which prune() makes ahead and drops; what fits none goes to the default one. No key: \`settle_deliveries\` sees to it that
-- nothing is there twice, at less than a unique index costs.
CREATE TABLE posthorn.attempts (
  tenant_id text COLLATE "C" NOT NULL,
  delivery_id text COLLATE "C" NOT NULL,
  number integer NOT NULL,
  started_at bigint NOT NULL,
  duration_ms integer NOT NULL,
  outcome text NOT NULL,
  status integer,
  request_headers text,
  response_headers text,
  response_truncated boolean,
  error_code text,
  error_message text,
  duplicate boolean,
  fresh_socket boolean,
  response_body bytea
) PARTITION BY RANGE (started_at);

CREATE INDEX attempts_delivery ON posthorn.attempts (tenant_id, delivery_id);
CREATE INDEX attempts_time ON posthorn.attempts USING brin (started_at) WITH (pages_per_range = 16);
CREATE TABLE posthorn.attempts_other PARTITION OF posthorn.attempts DEFAULT;
-- Where a host publishes all its tables: rows without a key can only be deleted so.
ALTER TABLE posthorn.attempts_other REPLICA IDENTITY FULL;
`
