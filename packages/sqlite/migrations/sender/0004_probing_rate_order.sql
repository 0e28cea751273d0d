-- Half-open probing, rate limits, and order per key.

ALTER TABLE posthorn_endpoints ADD COLUMN probe_at INTEGER;

-- Of endpoints that get requests, that is, are not disabled. `failing_since`: what decides whether the endpoint is probed; `opens_at` knows the
-- next probe. `pace_interval` and `pace_spare` are NULL without a rate limit. `pace_due`: when the next request would begin if each took its
-- interval (GCRA); `paced_until`: the earliest time at which one may.
ALTER TABLE posthorn_lanes ADD COLUMN failing_since INTEGER;
ALTER TABLE posthorn_lanes ADD COLUMN pace_interval REAL;
ALTER TABLE posthorn_lanes ADD COLUMN pace_spare INTEGER;
ALTER TABLE posthorn_lanes ADD COLUMN pace_due REAL NOT NULL DEFAULT 0;
ALTER TABLE posthorn_lanes ADD COLUMN paced_until INTEGER NOT NULL DEFAULT 0;

UPDATE posthorn_lanes SET failing_since = (SELECT failing_since FROM posthorn_endpoints WHERE seq = lane);

-- `order_key`: the event's ordering key where the endpoint is ordered. Of each key the first by `position` may be claimed; the others have
-- `line` 2. `position` is the `seq` of the event, or of a replay itself.
ALTER TABLE posthorn_queue ADD COLUMN order_key TEXT;
ALTER TABLE posthorn_queue ADD COLUMN position INTEGER NOT NULL DEFAULT 0;

UPDATE posthorn_queue SET position = event_seq;

CREATE INDEX posthorn_queue_order ON posthorn_queue (lane, order_key, position) WHERE order_key IS NOT NULL;

-- Repeated from posthorn_events: later events of a key wait until earlier ones are matched.
ALTER TABLE posthorn_unmatched ADD COLUMN tenant_id TEXT;
ALTER TABLE posthorn_unmatched ADD COLUMN order_key TEXT;

UPDATE posthorn_unmatched SET
  tenant_id = (SELECT tenant_id FROM posthorn_events WHERE seq = event_seq),
  order_key = (SELECT ordering_key FROM posthorn_events WHERE seq = event_seq);

CREATE INDEX posthorn_unmatched_order ON posthorn_unmatched (tenant_id, order_key, event_seq) WHERE order_key IS NOT NULL;

-- Keys that wait because a delivery failed: which one, of which event, and where it stood.
CREATE TABLE posthorn_blocked (
  lane INTEGER NOT NULL,
  order_key TEXT NOT NULL,
  event_seq INTEGER NOT NULL,
  delivery_seq INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (lane, order_key)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX posthorn_blocked_delivery ON posthorn_blocked (delivery_seq);
CREATE INDEX posthorn_blocked_event ON posthorn_blocked (event_seq);
