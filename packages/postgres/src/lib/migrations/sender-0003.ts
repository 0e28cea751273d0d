// Written by scripts/embed-migrations.mjs from migrations/sender/0003_claims.sql.
export const name = '0003_claims'

export const sql = `-- Sender, version 1: deliveries are claimed. A lane, an endpoint's part of the queue, is claimed by one session at a time, under an advisory lock
-- of the transaction: each statement after it sees what others leased before, so that caps, rates and lines hold across all workers
-- without a counter. A lane that is locked is passed over, unless it is the only one: claims wait for a commit at the most.

-- When the endpoint may be asked at all; NULL while it is paused. A disabled one gets no request: but for a throttle nothing holds it back.
-- \`pace\` is that of its rate limit. Without a sub-select, so that it is made part of the statement that calls it.
CREATE FUNCTION posthorn.opens_at(e posthorn.endpoints, pace double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN e.status = 'paused' THEN NULL
    WHEN e.status = 'disabled' THEN coalesce(e.throttled_until, 0)::double precision
    ELSE greatest(coalesce(e.throttled_until, 0)::double precision,
      CASE WHEN e.failing_since IS NOT NULL THEN coalesce(e.probe_at, 0) ELSE 0 END,
      CASE WHEN e.rate_limit IS NOT NULL
        THEN pace - floor(e.rate_limit / 20.0) * e.rate_per_ms / (e.rate_limit - floor(e.rate_limit / 20.0)) END)
  END
$$;

-- How many of the \`free\` deliveries the endpoint may have now, by its cap, of which so many are \`held\`, and by its rate. Without a sub-select, too.
CREATE FUNCTION posthorn.may_have(e posthorn.endpoints, pace double precision, cap bigint, free bigint, held bigint, now_ms bigint)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT least(free, greatest(0, cap - held), CASE WHEN e.status <> 'disabled' AND e.rate_limit IS NOT NULL THEN greatest(0,
    floor(floor(e.rate_limit / 20.0) - greatest(0, coalesce(pace, 0) - now_ms - 0.001)
      / (e.rate_per_ms / (e.rate_limit - floor(e.rate_limit / 20.0)))) + 1) END)::bigint
$$;

-- Of each ordering key of a lane the delivery that may go, if one may: the first, while no earlier event of the key is still to be matched;
-- in a blocked line, a replay of what blocks it.
CREATE FUNCTION posthorn.heads(of_tenant text, of_lane bigint) RETURNS TABLE (t tid, head posthorn.queue) LANGUAGE plpgsql STABLE ROWS 10 AS $$
BEGIN
  RETURN QUERY WITH RECURSIVE keys AS (
    (SELECT q.order_key FROM posthorn.queue q WHERE q.lane = of_lane AND q.order_key IS NOT NULL ORDER BY q.order_key LIMIT 1)
    UNION ALL
    SELECT (SELECT q.order_key FROM posthorn.queue q WHERE q.lane = of_lane AND q.order_key > k.order_key ORDER BY q.order_key LIMIT 1)
    FROM keys k WHERE k.order_key IS NOT NULL
  )
  SELECT h.t, h.head FROM keys k
  LEFT JOIN posthorn.blocked b ON b.tenant_id = of_tenant AND b.lane = of_lane AND b.order_key = k.order_key
  CROSS JOIN LATERAL (
    (SELECT q.ctid AS t, q AS head FROM posthorn.queue q
     WHERE b.event_id IS NULL AND q.lane = of_lane AND q.order_key = k.order_key ORDER BY q."position", q.seq LIMIT 1)
    UNION ALL
    (SELECT q.ctid, q FROM posthorn.queue q
     WHERE b.event_id IS NOT NULL AND q.tenant_id = b.tenant_id AND q.event_id = b.event_id AND q.created_at > 0 AND q.lane = of_lane
     ORDER BY q.seq LIMIT 1)
  ) h
  WHERE k.order_key IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM posthorn.unmatched u
    WHERE u.tenant_id = of_tenant AND u.ordering_key = k.order_key AND u.seq < (h.head)."position");
END $$;

-- Finishes what waits for an endpoint that is gone: one was removed while a delivery to it was on its way in. Locks the lane as a claim does:
-- a claim takes no lock on rows that never had a lease, and so they would wait for each other.
CREATE FUNCTION posthorn.cancel_lane(of_lane bigint, now_ms bigint) RETURNS void LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock(hashtext('posthorn'), of_lane::integer);
  WITH found AS MATERIALIZED (
    SELECT q.tenant_id, q.id FROM posthorn.queue q WHERE q.lane = of_lane ORDER BY q.tenant_id, q.id FOR UPDATE
  ), gone AS (
    DELETE FROM posthorn.queue q USING found f WHERE q.tenant_id = f.tenant_id AND q.id = f.id RETURNING q.*
  )
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

-- Lanes with a suspect that is due and may go, whatever the cap. A suspect was lost twice or more, the lease that has just run out included.
CREATE FUNCTION posthorn.suspicious_lanes(now_ms bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
  SELECT DISTINCT q.lane FROM posthorn.queue q
  JOIN posthorn.endpoints e ON e.lane = q.lane
  WHERE q.lost >= 1 AND q.due_at <= now_ms AND q.leased_until <= now_ms AND q.lost + (q.token IS NOT NULL)::integer >= 2
    AND posthorn.opens_at(e,
      (SELECT p.due FROM posthorn.paces p WHERE e.rate_limit IS NOT NULL AND p.tenant_id = e.tenant_id AND p.lane = e.lane)) <= now_ms
    AND (q.order_key IS NULL OR e.ordered IS NULL OR e.status = 'disabled'
      OR EXISTS (SELECT 1 FROM posthorn.heads(e.tenant_id, q.lane) h WHERE (h.head).id = q.id))
$$;

-- → { now, suspects, lanes: [[lane, tenantId, failing]], dueIn }: lanes with something due, and under no lease, of an endpoint that may be asked, by the
-- time they waited; and the milliseconds until an event or a delivery could be claimed, 0 if now, NULL if nothing waits. What waits for a retry or
-- the end of a lease is told without a look at its endpoint: that may be too early, and is never too late.
CREATE FUNCTION posthorn.find_lanes() RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  now_ms bigint := posthorn.now_ms();
  ready bigint[];
  since bigint[];
  later double precision;
  opening double precision;
  any_unmatched boolean;
  any_lost boolean;
  gone bigint[];
  lanes json;
  suspects boolean;
BEGIN
  IF current_setting('transaction_isolation') NOT LIKE 'read %' THEN PERFORM posthorn.assert_read_committed(); END IF;
  -- What is leased is due, and comes before what is not: a lane that begins with the latter needs no second look.
  SELECT array_agg(r.lane) FILTER (WHERE r.at <= now_ms), array_agg(r.at) FILTER (WHERE r.at <= now_ms), min(r.at) FILTER (WHERE r.at > now_ms),
    EXISTS (SELECT 1 FROM posthorn.unmatched), EXISTS (SELECT 1 FROM posthorn.queue q WHERE q.lost >= 1)
  INTO ready, since, later, any_unmatched, any_lost
  FROM (
    SELECT l.lane, CASE
      WHEN l.due_at > now_ms OR EXISTS (
        SELECT 1 FROM posthorn.queue q WHERE q.lane = l.lane AND q.due_at <= now_ms AND q.leased_until <= now_ms) THEN l.due_at
      ELSE (SELECT min(q.leased_until) FROM posthorn.queue q WHERE q.lane = l.lane AND q.due_at <= now_ms) END AS at
    FROM posthorn.lanes_waiting() l OFFSET 0) r;

  IF ready IS NOT NULL THEN
    SELECT array_agg(g.lane) FILTER (WHERE e.lane IS NULL),
      json_agg(json_build_array(e.lane, e.tenant_id, e.is_failing) ORDER BY g.at, g.lane) FILTER (WHERE e.ready <= now_ms),
      min(e.ready)
    INTO gone, lanes, opening
    FROM unnest(ready, since) AS g(lane, at)
    LEFT JOIN LATERAL (
      SELECT e.lane, e.tenant_id, e.failing_since IS NOT NULL AS is_failing, CASE
        WHEN e.opens IS NULL OR e.ordered IS NULL OR e.status = 'disabled' THEN e.opens
        -- Of a line only the head counts: the rest would be claimed in vain for each slot that comes free.
        ELSE (SELECT greatest(min(greatest(h.due_at, h.leased_until)), e.opens) FROM (
          SELECT (h.head).due_at, (h.head).leased_until FROM posthorn.heads(e.tenant_id, e.lane) h
          UNION ALL SELECT q.due_at, q.leased_until FROM posthorn.queue q WHERE q.lane = e.lane AND q.order_key IS NULL) h
          HAVING count(*) > 0) END AS ready
      FROM (
        SELECT e.*, posthorn.opens_at(e,
          (SELECT p.due FROM posthorn.paces p WHERE e.rate_limit IS NOT NULL AND p.tenant_id = e.tenant_id AND p.lane = e.lane)) AS opens
        FROM posthorn.endpoints e WHERE e.lane = g.lane OFFSET 0) e OFFSET 0) e ON true;
    later := least(later, opening);
    IF gone IS NOT NULL THEN
      PERFORM posthorn.cancel_lane(g, now_ms) FROM unnest(gone) AS g;
    END IF;
    IF any_lost THEN suspects := EXISTS (SELECT 1 FROM posthorn.suspicious_lanes(now_ms)); END IF;
  END IF;
  IF any_unmatched AND (later <= now_ms) IS NOT TRUE THEN
    -- Events under a lease are as many as the workers have at hand: behind them the first that is free is found.
    PERFORM 1 FROM (SELECT u.leased_until FROM posthorn.unmatched u ORDER BY u.seq) u WHERE u.leased_until <= now_ms LIMIT 1;
    IF FOUND THEN later := now_ms; ELSE later := least(later, (SELECT min(u.leased_until) FROM posthorn.unmatched u)); END IF;
  END IF;
  RETURN json_build_object('now', now_ms, 'suspects', suspects IS TRUE, 'lanes', coalesce(lanes, '[]'),
    'dueIn', CASE WHEN later IS NOT NULL THEN ceil(greatest(0, later - now_ms)) END)::text;
END $$;

-- What a claim may take: \`first_lanes\` of the lanes should fill the slots. With \`alone\` it is one suspect, of the lane next to \`solo_after\`, and nothing
-- else.
CREATE TYPE posthorn.claim_terms AS (
  first_lanes integer, slots integer, lease_ms bigint, per_endpoint bigint, failing_limit integer, probe_after_ms double precision,
  alone boolean, solo_after bigint
);

-- What may be leased of a lane that is the caller's: \`free\`, the longest due first, but no more of it than \`ready\`; and whether there may be more
-- behind what was looked at. The leased are the longest due: what lies behind as many as the cap need not be looked at. \`slack\`: rows in the way
-- that are not leased, committed late below those that are, or suspects. Of an ordered endpoint the heads of its lines; alone, suspects.
CREATE FUNCTION posthorn.look_at(
  e posthorn.endpoints, pace double precision, depth bigint, slack integer, terms posthorn.claim_terms, now_ms bigint,
  OUT free tid[], OUT ready integer, OUT had_lease boolean, OUT is_cut boolean
) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  cap bigint := CASE WHEN e.status <> 'disabled' AND now_ms - e.failing_since >= terms.probe_after_ms THEN least(terms.per_endpoint, 1)
    ELSE terms.per_endpoint END;
  is_lined boolean;
BEGIN
  IF terms.alone OR (e.ordered IS NOT NULL AND e.status <> 'disabled') THEN
    is_lined := e.ordered IS NOT NULL AND e.status <> 'disabled';
    SELECT array_agg(w.t) FILTER (WHERE w.is_free), bool_or(w.was_leased AND w.leased_until <= now_ms), false,
      posthorn.may_have(e, pace, cap, count(*) FILTER (WHERE w.is_free), count(*) FILTER (WHERE w.leased_until > now_ms), now_ms)
    INTO free, had_lease, is_cut, ready
    FROM (
      SELECT w.*, w.leased_until <= now_ms AND w.due_at <= now_ms AND w.wanted AS is_free FROM (
        (SELECT q.ctid AS t, q.leased_until, q.due_at, q.token IS NOT NULL AS was_leased, false AS wanted FROM posthorn.queue q
         WHERE NOT is_lined AND q.lane = e.lane AND q.due_at <= now_ms ORDER BY q.due_at, q.seq LIMIT cap + slack)
        UNION ALL
        (SELECT q.ctid, q.leased_until, q.due_at, true, q.lost + (q.token IS NOT NULL)::integer >= 2 FROM posthorn.queue q
         WHERE NOT is_lined AND q.lane = e.lane AND q.lost >= 1 AND q.due_at <= now_ms AND q.leased_until <= now_ms ORDER BY q.due_at)
        UNION ALL
        (SELECT h.t, h.leased_until, h.due_at, h.was_leased, terms.alone = (h.losses >= 2) FROM (
           SELECT h.t, (h.head).leased_until, (h.head).due_at, (h.head).seq, (h.head).token IS NOT NULL AS was_leased,
             (h.head).lost + ((h.head).token IS NOT NULL)::integer AS losses
           FROM posthorn.heads(e.tenant_id, e.lane) h
           UNION ALL
           (SELECT q.ctid, q.leased_until, q.due_at, q.seq, q.token IS NOT NULL, q.lost + (q.token IS NOT NULL)::integer FROM posthorn.queue q
            WHERE q.lane = e.lane AND q.order_key IS NULL AND q.due_at <= now_ms ORDER BY q.due_at, q.seq LIMIT cap + slack)
         ) h WHERE is_lined ORDER BY h.due_at, h.seq)
      ) w
    ) w;
  ELSE
    SELECT array_agg(w.t) FILTER (WHERE w.is_free), bool_or(w.was_leased AND w.leased_until <= now_ms),
      count(*) >= depth + slack AND cap > depth,
      posthorn.may_have(e, pace, cap, count(*) FILTER (WHERE w.is_free), count(*) FILTER (WHERE w.leased_until > now_ms), now_ms)
    INTO free, had_lease, is_cut, ready
    FROM (
      SELECT q.ctid AS t, q.leased_until, q.token IS NOT NULL AS was_leased,
        q.leased_until <= now_ms AND q.lost + (q.token IS NOT NULL)::integer < 2 AS is_free
      FROM posthorn.queue q WHERE q.lane = e.lane AND q.due_at <= now_ms ORDER BY q.due_at, q.seq LIMIT least(cap, depth) + slack
    ) w;
  END IF;
END $$;

-- Leases deliveries of the lanes that are named, in the order in which they are served: of each its quota first, and then what is left over to
-- whoever has more. No lane is looked at once the slots are filled. \`revisions\`: of the endpoints that the caller knows, 0 where it knows none.
-- Each expression costs a call microseconds, the first time it is met: so variables that begin as NULL are left to, and little is computed twice.
--
-- → a row for each delivery and a last one. A delivery's has \`cells\`, with a unit separator between them: lane, id, token, attempt, event, type, message
-- or nothing, lost, lost alone, deferred, created, metadata, and the ordering key or nothing, which may hold anything; and \`body\` where that is
-- ASCII, else \`escaped\` as encode(…, 'escape') writes it. Each column costs both sides as much as its text does. The last one's \`note\` is
-- { now, suspects, seen, busy: [lane], lanes: [lane], taken, left, endpoints }: how many of the lanes were looked at, which of them another
-- session was at, of each of the others what was taken and how much more there is at least, and the endpoints that are of another revision; NULL
-- for none.
CREATE FUNCTION posthorn.claim_deliveries(lanes text, quotas text, revisions text, terms text)
RETURNS TABLE (cells text, body text, escaped text, note text) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  lanes bigint[] := claim_deliveries.lanes::bigint[];
  quotas integer[] := claim_deliveries.quotas::integer[];
  revisions integer[] := claim_deliveries.revisions::integer[];
  terms posthorn.claim_terms := claim_deliveries.terms::posthorn.claim_terms;
  free_slots integer := CASE WHEN terms.alone THEN least(terms.slots, 1) ELSE terms.slots END;
  failing_left integer := terms.failing_limit;
  now_ms bigint := posthorn.now_ms();
  depth bigint := least(terms.per_endpoint, greatest(8, 4 * free_slots / greatest(terms.first_lanes, 1)));
  most integer := cardinality(lanes);
  suspects boolean;
  seen integer;
  -- Which of the lanes; at first all of them.
  places integer[];
  place integer;
  e posthorn.endpoints;
  pace double precision;
  here record;
  part integer;
  cut_places integer[];
  wanted tid[];
  -- What is left over of the lanes, and of which each is.
  spare tid[];
  spare_of integer[];
  spare_failing boolean[];
  any_had_lease boolean;
  paced integer[];
  paced_tenants text[];
  paced_from double precision[];
  paced_by double precision[];
  busy bigint[];
  looked_at bigint[];
  taken integer[];
  left_over integer[];
  endpoints jsonb;
BEGIN
  IF current_setting('transaction_isolation') NOT LIKE 'read %' THEN PERFORM posthorn.assert_read_committed(); END IF;
  PERFORM 1 FROM posthorn.queue q WHERE q.lost >= 1 LIMIT 1;
  IF FOUND THEN suspects := EXISTS (SELECT 1 FROM posthorn.suspicious_lanes(now_ms)); END IF;
  IF terms.alone THEN
    lanes := ARRAY(SELECT s FROM posthorn.suspicious_lanes(now_ms) AS s ORDER BY s <= terms.solo_after, s);
    most := cardinality(lanes);
    quotas := array_fill(1, ARRAY[most]);
    revisions := array_fill(0, ARRAY[most]);
  END IF;

  -- At first so many rows of each lane that the slots are filled if there is enough; then, if they are not, all that may be had.
  WHILE free_slots > 0 AND most > 0 LOOP
    FOR i IN 1..most LOOP
      EXIT WHEN free_slots <= 0;
      place := coalesce(places[i], i);
      seen := greatest(seen, place);
      IF NOT pg_try_advisory_xact_lock(hashtext('posthorn'), lanes[place]::integer) THEN
        IF cardinality(lanes) > 1 THEN
          busy := busy || lanes[place];
          CONTINUE;
        END IF;
        -- Whoever holds no other lane waits in no circle. What the one before wrote is due by now.
        PERFORM pg_advisory_xact_lock(hashtext('posthorn'), lanes[place]::integer);
        now_ms := posthorn.now_ms();
      END IF;
      SELECT * INTO e FROM posthorn.endpoints k WHERE k.lane = lanes[place];
      IF e.rate_limit IS NOT NULL THEN
        SELECT p.due INTO pace FROM posthorn.paces p WHERE p.tenant_id = e.tenant_id AND p.lane = e.lane;
      END IF;
      looked_at := looked_at || lanes[place];
      IF revisions[place] <> e.revision THEN
        endpoints := coalesce(endpoints, '[]') || to_jsonb(e);
        revisions[place] := e.revision;
      END IF;
      IF (posthorn.opens_at(e, pace) <= now_ms) IS NOT TRUE THEN
        taken := taken || 0;
        left_over := left_over || 0;
        CONTINUE;
      END IF;
      here := posthorn.look_at(e, pace, depth, CASE WHEN suspects IS NULL THEN 16 ELSE 64 END, terms, now_ms);
      part := least(here.ready, quotas[place], free_slots, CASE WHEN e.failing_since IS NOT NULL THEN failing_left END);
      wanted := wanted || here.free[1:part];
      free_slots := free_slots - part;
      taken := taken || part;
      left_over := left_over || here.ready - part + here.is_cut::integer;
      CONTINUE WHEN NOT (here.is_cut OR here.had_lease OR here.ready > part OR e.failing_since IS NOT NULL OR e.rate_limit IS NOT NULL);
      IF here.is_cut THEN cut_places := cut_places || place; END IF;
      IF here.had_lease THEN any_had_lease := true; END IF;
      IF e.failing_since IS NOT NULL THEN failing_left := failing_left - part; END IF;
      IF here.ready > part THEN
        spare := spare || here.free[part + 1:here.ready];
        spare_of := spare_of || array_fill(cardinality(taken), ARRAY[here.ready - part]);
        spare_failing := spare_failing || array_fill(e.failing_since IS NOT NULL, ARRAY[here.ready - part]);
      END IF;
      IF e.rate_limit IS NOT NULL AND e.status <> 'disabled' AND here.ready > 0 THEN
        paced := paced || cardinality(taken);
        paced_tenants := paced_tenants || e.tenant_id;
        paced_from := paced_from || greatest(coalesce(pace, 0), now_ms);
        paced_by := paced_by || e.rate_per_ms / (e.rate_limit - floor(e.rate_limit / 20.0));
      END IF;
    END LOOP;
    IF free_slots > 0 AND spare IS NOT NULL THEN
      FOR i IN 1..cardinality(spare) LOOP
        EXIT WHEN free_slots <= 0;
        CONTINUE WHEN spare_failing[i] AND failing_left <= 0;
        wanted := wanted || spare[i];
        free_slots := free_slots - 1;
        IF spare_failing[i] THEN failing_left := failing_left - 1; END IF;
        taken[spare_of[i]] := taken[spare_of[i]] + 1;
        left_over[spare_of[i]] := left_over[spare_of[i]] - 1;
      END LOOP;
    END IF;

    -- Rows are found again by their place in the table: no statistics can make that slow. A row that moved meanwhile is somebody else's.
    -- Others may be at those whose lease ran out, in another order: these are locked first, or left. To the rest only a lane's claim comes.
    IF any_had_lease THEN
      wanted := ARRAY(SELECT q.ctid FROM posthorn.queue q WHERE q.ctid = ANY (wanted) AND q.leased_until <= now_ms FOR UPDATE SKIP LOCKED);
    END IF;
    IF paced IS NOT NULL THEN
      INSERT INTO posthorn.paces AS p (tenant_id, lane, due)
      SELECT g.tenant, looked_at[g.place], g.since + taken[g.place] * g.pause
      FROM unnest(paced_tenants, paced, paced_from, paced_by) AS g(tenant, place, since, pause) WHERE taken[g.place] > 0
      ON CONFLICT (tenant_id, lane) DO UPDATE SET due = excluded.due;
    END IF;
    IF cardinality(wanted) > 0 THEN
      RETURN QUERY
      WITH leased AS (
        UPDATE posthorn.queue q SET
          leased_until = now_ms + terms.lease_ms,
          token = nextval('posthorn.tokens'),
          solo = terms.alone,
          attempt = q.attempt + 1,
          lost = q.lost + (q.token IS NOT NULL)::integer,
          solo_lost = q.solo_lost + (q.token IS NOT NULL AND q.solo)::integer
        WHERE q.ctid = ANY (wanted) AND q.leased_until <= now_ms AND (any_had_lease IS TRUE OR q.token IS NULL)
        RETURNING q.tenant_id, q.id, q.lane, q.event_id, q.seq, q.due_at, q.token, q.attempt, q.lost, q.solo_lost, q.deferred, q.message_id, q.envelope,
          q.created_at
      )
      SELECT concat(q.lane, E'\\x1f', q.id, E'\\x1f', q.token, E'\\x1f', q.attempt, E'\\x1f', q.event_id, E'\\x1f', v.type, E'\\x1f', q.message_id, E'\\x1f',
          q.lost, E'\\x1f', q.solo_lost, E'\\x1f', q.deferred, E'\\x1f', q.created_at, E'\\x1f', v.metadata, E'\\x1f', v.ordering_key),
        CASE WHEN o.ascii THEN convert_from(o.body, 'SQL_ASCII') END, CASE WHEN NOT o.ascii THEN encode(o.body, 'escape') END, NULL
      FROM (SELECT x.* FROM leased x ORDER BY x.due_at, x.seq) q
      CROSS JOIN LATERAL (
        SELECT v.type, v.ordering_key, v.metadata, v.body, v.ascii FROM posthorn.events v
        WHERE v.tenant_id = q.tenant_id AND v.id = q.event_id OFFSET 0) v
      LEFT JOIN LATERAL (
        SELECT b.body, b.ascii FROM posthorn.bodies b
        WHERE q.envelope IS NOT NULL AND b.tenant_id = q.tenant_id AND b.event_id = q.event_id AND b.envelope = q.envelope OFFSET 0) b ON true
      CROSS JOIN LATERAL (
        SELECT CASE WHEN q.envelope IS NULL THEN v.body ELSE b.body END AS body,
          CASE WHEN q.envelope IS NULL THEN v.ascii ELSE b.ascii END AS ascii) o;
    END IF;

    EXIT WHEN cut_places IS NULL;
    places := cut_places;
    most := cardinality(places);
    depth := terms.per_endpoint;
    cut_places := NULL; wanted := NULL; spare := NULL; spare_of := NULL; spare_failing := NULL; any_had_lease := NULL;
    paced := NULL; paced_tenants := NULL; paced_from := NULL; paced_by := NULL;
  END LOOP;

  note := json_build_object('now', now_ms, 'suspects', suspects IS TRUE, 'seen', coalesce(seen, 0), 'busy', busy, 'lanes', looked_at, 'taken', taken,
    'left', left_over, 'endpoints', endpoints)::text;
  RETURN NEXT;
END $$;
`
