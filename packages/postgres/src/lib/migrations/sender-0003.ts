// Written by scripts/embed-migrations.mjs from migrations/sender/0003_claims.sql.
export const name = '0003_claims'

export const sql = `-- Sender, version 1: deliveries are claimed. A lane, an endpoint's part of the queue, is claimed by one session at a time, under an advisory lock
-- of the transaction: each statement after it sees what others leased before, so that caps, rates and lines hold across all workers
-- without a counter.

-- When the endpoint may be asked at all; NULL while it is paused. A disabled one gets no request: but for a throttle nothing holds it back.
CREATE FUNCTION posthorn.opens_at(e posthorn.endpoints) RETURNS double precision LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN e.status = 'paused' THEN NULL
    WHEN e.status = 'disabled' THEN coalesce(e.throttled_until, 0)::double precision
    ELSE greatest(coalesce(e.throttled_until, 0)::double precision,
      CASE WHEN e.failing_since IS NOT NULL THEN coalesce(e.probe_at, 0) ELSE 0 END,
      CASE WHEN e.rate_limit IS NOT NULL THEN (
        SELECT p.due - floor(e.rate_limit / 20.0) * e.rate_per_ms / (e.rate_limit - floor(e.rate_limit / 20.0))
        FROM posthorn.paces p WHERE p.lane = e.lane) END)
  END
$$;

-- Of each ordering key of a lane the delivery that may go, if one may: the first, while no earlier event of the key is still to be matched;
-- in a blocked line, a replay of what blocks it.
CREATE FUNCTION posthorn.heads(of_lane bigint) RETURNS TABLE (t tid, head posthorn.queue) LANGUAGE sql STABLE AS $$
  WITH RECURSIVE keys AS (
    (SELECT q.order_key FROM posthorn.queue q WHERE q.lane = of_lane AND q.order_key IS NOT NULL ORDER BY q.order_key LIMIT 1)
    UNION ALL
    SELECT (SELECT q.order_key FROM posthorn.queue q WHERE q.lane = of_lane AND q.order_key > k.order_key ORDER BY q.order_key LIMIT 1)
    FROM keys k WHERE k.order_key IS NOT NULL
  )
  SELECT h.t, h.head FROM keys k
  LEFT JOIN posthorn.blocked b ON b.lane = of_lane AND b.order_key = k.order_key
  CROSS JOIN LATERAL (
    (SELECT q.ctid AS t, q AS head FROM posthorn.queue q
     WHERE b.event_id IS NULL AND q.lane = of_lane AND q.order_key = k.order_key ORDER BY q."position", q.seq LIMIT 1)
    UNION ALL
    (SELECT q.ctid, q FROM posthorn.queue q
     WHERE b.event_id IS NOT NULL AND q.tenant_id = b.tenant_id AND q.event_id = b.event_id AND q.lane = of_lane
     ORDER BY q.seq LIMIT 1)
  ) h
  WHERE k.order_key IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM posthorn.unmatched u
    WHERE u.tenant_id = (h.head).tenant_id AND u.ordering_key = k.order_key AND u.seq < (h.head)."position")
$$;

-- Lost twice or more, the lease that has just run out included.
CREATE FUNCTION posthorn.is_suspect(q posthorn.queue) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT q.lost + (q.token IS NOT NULL)::integer >= 2 $$;

-- Leases up to \`quota\` of a lane's deliveries, the longest due first, or with \`solo\` one suspect. Answers their ids; NULL while another session
-- is at the lane.
CREATE FUNCTION posthorn.lease_lane(e posthorn.endpoints, now_ms bigint, terms jsonb, quota integer) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  asked boolean := e.status <> 'disabled';
  alone boolean := (terms->>'solo')::boolean;
  cap bigint := (terms->>'perEndpoint')::bigint;
  allowed bigint := quota;
  spare double precision := floor(e.rate_limit / 20.0);
  pause double precision := e.rate_per_ms / (e.rate_limit - spare);
  pace_due double precision;
  held bigint;
  wanted tid[];
  taken text[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('posthorn'), e.lane::integer) THEN RETURN NULL; END IF;
  IF asked AND now_ms - e.failing_since >= (terms->>'probeAfterMs')::double precision THEN cap := least(cap, 1); END IF;
  IF asked AND e.rate_limit IS NOT NULL THEN
    pace_due := coalesce((SELECT p.due FROM posthorn.paces p WHERE p.lane = e.lane), 0);
    allowed := least(allowed, greatest(0, floor(spare - greatest(0, pace_due - now_ms - 0.001) / pause) + 1));
  END IF;

  -- Rows are found again by their place in the table: no statistics can make that slow. A row that moved meanwhile is somebody else's.
  -- The leased are the longest due, but for suspects before them: what lies behind as many as the cap need not be looked at.
  IF asked AND e.ordered IS NOT NULL THEN
    SELECT count(*) FILTER (WHERE f.leased_until > now_ms),
      array_agg(f.t ORDER BY f.due_at, f.seq) FILTER (WHERE f.leased_until <= now_ms AND f.due_at <= now_ms AND f.suspect = alone)
    INTO held, wanted FROM (
      SELECT h.t, (h.head).leased_until, (h.head).due_at, (h.head).seq, posthorn.is_suspect(h.head) AS suspect FROM posthorn.heads(e.lane) h
      UNION ALL
      (SELECT q.ctid, q.leased_until, q.due_at, q.seq, posthorn.is_suspect(q) FROM posthorn.queue q
       WHERE q.lane = e.lane AND q.order_key IS NULL AND q.due_at <= now_ms ORDER BY q.due_at, q.seq LIMIT cap + quota + 64)
    ) f;
  ELSE
    SELECT count(*) FILTER (WHERE f.leased_until > now_ms),
      array_agg(f.t ORDER BY f.due_at, f.seq) FILTER (WHERE f.leased_until <= now_ms AND f.suspect = alone)
    INTO held, wanted FROM (
      SELECT q.ctid AS t, q.leased_until, q.due_at, q.seq, posthorn.is_suspect(q) AS suspect FROM posthorn.queue q
      WHERE q.lane = e.lane AND q.due_at <= now_ms ORDER BY q.due_at, q.seq LIMIT cap + quota + 64
    ) f;
  END IF;
  allowed := least(allowed, cap - held);
  IF allowed <= 0 OR wanted IS NULL THEN RETURN '{}'; END IF;

  WITH free AS MATERIALIZED (
    SELECT q.ctid AS t FROM posthorn.queue q
    WHERE q.ctid = ANY (wanted[1:allowed]) AND q.leased_until <= now_ms
    FOR UPDATE SKIP LOCKED
  ), leased AS (
    UPDATE posthorn.queue q SET
      leased_until = now_ms + round((terms->>'leaseMs')::numeric)::bigint,
      token = nextval('posthorn.tokens'),
      solo = alone,
      attempt = q.attempt + 1,
      lost = q.lost + (q.token IS NOT NULL)::integer,
      solo_lost = q.solo_lost + (q.token IS NOT NULL AND q.solo)::integer
    FROM free WHERE q.ctid = free.t RETURNING q.id
  )
  SELECT coalesce(array_agg(id), '{}') INTO taken FROM leased;

  IF pace_due IS NOT NULL AND taken <> '{}' THEN
    INSERT INTO posthorn.paces AS p (lane, due) VALUES (e.lane, greatest(pace_due, now_ms) + cardinality(taken) * pause)
    ON CONFLICT (lane) DO UPDATE SET due = excluded.due;
  END IF;
  RETURN taken;
END $$;

-- Finishes what waits for an endpoint that is gone: one was removed while a delivery to it was on its way in.
CREATE FUNCTION posthorn.cancel_lane(of_lane bigint, now_ms bigint) RETURNS void LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM posthorn.queue q WHERE q.lane = of_lane RETURNING q.*)
  INSERT INTO posthorn.deliveries
    (tenant_id, id, endpoint_id, event_id, seq, status, attempt, lost, solo_lost, deferred, last_status, message_id, replay_of, created_at, finished_at)
  SELECT tenant_id, id, endpoint_id, event_id, seq, 'canceled', attempt, lost, solo_lost, deferred, last_status, message_id, replay_of,
    created_at, now_ms
  FROM gone;
  DELETE FROM posthorn.blocked b WHERE b.lane = of_lane;
  DELETE FROM posthorn.paces p WHERE p.lane = of_lane;
$$;

-- The lanes that have anything, by a skip scan of the index: its cost is that of the lanes, not of the backlog.
CREATE FUNCTION posthorn.lanes_waiting() RETURNS TABLE (lane bigint, due_at bigint) LANGUAGE sql STABLE AS $$
  WITH RECURSIVE r AS (
    (SELECT q.lane, q.due_at FROM posthorn.queue q ORDER BY q.lane, q.due_at LIMIT 1)
    UNION ALL
    SELECT n.lane, n.due_at FROM r CROSS JOIN LATERAL (
      SELECT q.lane, q.due_at FROM posthorn.queue q WHERE q.lane > r.lane ORDER BY q.lane, q.due_at LIMIT 1) n
  )
  SELECT r.lane, r.due_at FROM r
$$;

-- Lanes with a suspect that is due and may go, whatever the cap.
CREATE FUNCTION posthorn.suspicious_lanes(now_ms bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
  SELECT DISTINCT q.lane FROM posthorn.queue q
  JOIN posthorn.endpoints e ON e.lane = q.lane
  WHERE q.lost >= 1 AND q.due_at <= now_ms AND q.leased_until <= now_ms AND posthorn.is_suspect(q) AND posthorn.opens_at(e) <= now_ms
    AND (q.order_key IS NULL OR e.ordered IS NULL OR e.status = 'disabled' OR EXISTS (SELECT 1 FROM posthorn.heads(q.lane) h WHERE (h.head).id = q.id))
$$;

-- { limit, leaseMs, perEndpoint, failingLimit, probeAfterMs, solo, served, failingServed, soloServed }
-- → { now, deliveries, endpoints, suspects, served, failingServed, soloServed }
--
-- Lanes are served in a ring that goes on behind the last one served. Failing ones that were passed over, for their share was used up, come
-- first in the next claim.
CREATE FUNCTION posthorn.claim_deliveries(request text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  terms jsonb := request::jsonb;
  now_ms bigint := posthorn.now_ms();
  solo boolean := (terms->>'solo')::boolean;
  free_slots integer := (terms->>'limit')::integer;
  failing_left integer := (terms->>'failingLimit')::integer;
  served bigint := (terms->>'served')::bigint;
  failing_served bigint := (terms->>'failingServed')::bigint;
  solo_served bigint := (terms->>'soloServed')::bigint;
  from_ring bigint := served;
  candidate record;
  ring posthorn.endpoints[] := '{}';
  overdue boolean[] := '{}';
  target posthorn.endpoints;
  share integer;
  quota integer;
  ids text[];
  tenants text[] := '{}';
  claimed text[] := '{}';
  busy bigint[] := '{}';
BEGIN
  FOR candidate IN
    SELECT c.endpoint, c.lane, c.late FROM (
      SELECT l.lane, (CASE WHEN e.lane IS NOT NULL THEN e END)::posthorn.endpoints AS endpoint,
        NOT solo AND e.failing_since IS NOT NULL AND CASE WHEN failing_served <= from_ring
          THEN l.lane > failing_served AND l.lane <= from_ring ELSE l.lane > failing_served OR l.lane <= from_ring END AS late
      FROM (SELECT w.lane FROM posthorn.lanes_waiting() w WHERE NOT solo AND w.due_at <= now_ms
            UNION ALL SELECT s FROM posthorn.suspicious_lanes(now_ms) s WHERE solo) l
      LEFT JOIN posthorn.endpoints e ON e.lane = l.lane
      WHERE e.lane IS NULL OR posthorn.opens_at(e) <= now_ms
    ) c
    ORDER BY c.late DESC NULLS LAST,
      c.lane <= CASE WHEN solo THEN solo_served WHEN c.late THEN failing_served ELSE from_ring END, c.lane
  LOOP
    IF (candidate.endpoint).lane IS NULL THEN
      PERFORM posthorn.cancel_lane(candidate.lane, now_ms);
    ELSE
      ring := ring || candidate.endpoint;
      overdue := overdue || coalesce(candidate.late, false);
    END IF;
  END LOOP;

  share := CASE WHEN solo THEN 1 ELSE ceil(free_slots::numeric / greatest(cardinality(ring), 1)) END;
  -- Each its share first, and then what is left to whoever has more.
  FOR pass IN 1..CASE WHEN solo THEN 1 ELSE 2 END LOOP
    FOR i IN 1..cardinality(ring) LOOP
      EXIT WHEN free_slots <= 0;
      target := ring[i];
      quota := CASE WHEN pass = 1 THEN least(share, free_slots) ELSE free_slots END;
      IF target.failing_since IS NOT NULL THEN quota := least(quota, failing_left); END IF;
      CONTINUE WHEN quota <= 0;
      ids := posthorn.lease_lane(target, now_ms, terms, quota);
      IF pass = 1 AND NOT solo THEN
        IF target.failing_since IS NOT NULL THEN failing_served := target.lane; END IF;
        IF NOT overdue[i] THEN served := target.lane; END IF;
      END IF;
      CONTINUE WHEN ids IS NULL OR ids = '{}';
      free_slots := free_slots - cardinality(ids);
      IF target.failing_since IS NOT NULL THEN failing_left := failing_left - cardinality(ids); END IF;
      tenants := tenants || array_fill(target.tenant_id, ARRAY[cardinality(ids)]);
      claimed := claimed || ids;
      IF solo THEN solo_served := target.lane; free_slots := 0; END IF;
    END LOOP;
  END LOOP;

  RETURN json_build_object(
    'now', now_ms,
    'deliveries', (
      SELECT coalesce(json_agg(json_build_object('tenantId', q.tenant_id, 'id', q.id, 'attempt', q.attempt, 'token', q.token::text,
        'eventId', q.event_id, 'eventType', v.type, 'orderingKey', v.ordering_key, 'messageId', q.message_id, 'lost', q.lost,
        'soloLost', q.solo_lost, 'deferred', q.deferred, 'createdAt', q.created_at, 'endpointId', q.endpoint_id, 'metadata', v.metadata,
        'body', encode(CASE WHEN q.envelope IS NULL THEN v.body ELSE (
          SELECT b.body FROM posthorn.bodies b
          WHERE b.tenant_id = q.tenant_id AND b.event_id = q.event_id AND b.envelope = q.envelope) END, 'hex')
      ) ORDER BY q.due_at, q.seq), '[]')
      FROM unnest(tenants, claimed) AS c(tenant_id, id)
      JOIN posthorn.queue q ON q.tenant_id = c.tenant_id AND q.id = c.id
      JOIN posthorn.events v ON v.tenant_id = q.tenant_id AND v.id = q.event_id),
    'endpoints', (
      SELECT coalesce(json_agg(row_to_json(n)), '[]') FROM posthorn.endpoints n
      WHERE n.lane IN (SELECT q.lane FROM unnest(tenants, claimed) AS c(tenant_id, id)
        JOIN posthorn.queue q ON q.tenant_id = c.tenant_id AND q.id = c.id)),
    'suspects', EXISTS (SELECT 1 FROM posthorn.suspicious_lanes(now_ms)),
    'served', served, 'failingServed', failing_served, 'soloServed', solo_served
  )::text;
END $$;

-- → milliseconds until an event or a delivery could be claimed, 0 if now, NULL if nothing waits.
CREATE FUNCTION posthorn.next_due_in() RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  now_ms bigint := posthorn.now_ms();
  earliest double precision := (SELECT min(u.leased_until) FROM posthorn.unmatched u);
  candidate record;
  ready double precision;
BEGIN
  FOR candidate IN
    SELECT l.lane, e AS endpoint, posthorn.opens_at(e) AS opens
    FROM posthorn.lanes_waiting() l LEFT JOIN posthorn.endpoints e ON e.lane = l.lane
  LOOP
    EXIT WHEN earliest <= now_ms;
    IF (candidate.endpoint).lane IS NULL THEN RETURN '0'; END IF;
    CONTINUE WHEN candidate.opens IS NULL;
    IF (candidate.endpoint).ordered IS NOT NULL AND (candidate.endpoint).status <> 'disabled' THEN
      ready := (SELECT min(greatest(h.due_at, h.leased_until)) FROM (
        SELECT (h.head).due_at, (h.head).leased_until FROM posthorn.heads(candidate.lane) h
        UNION ALL SELECT q.due_at, q.leased_until FROM posthorn.queue q WHERE q.lane = candidate.lane AND q.order_key IS NULL) h);
    ELSE
      ready := least(
        (SELECT q.due_at FROM posthorn.queue q WHERE q.lane = candidate.lane AND q.leased_until <= now_ms ORDER BY q.due_at, q.seq LIMIT 1),
        (SELECT min(q.leased_until) FROM (
          SELECT q.leased_until FROM posthorn.queue q WHERE q.lane = candidate.lane ORDER BY q.due_at, q.seq LIMIT 1000) q
         WHERE q.leased_until > now_ms));
    END IF;
    IF ready IS NOT NULL THEN earliest := least(earliest, greatest(ready, candidate.opens)); END IF;
  END LOOP;
  RETURN CASE WHEN earliest IS NOT NULL THEN ceil(greatest(0, earliest - now_ms))::text END;
END $$;
`
