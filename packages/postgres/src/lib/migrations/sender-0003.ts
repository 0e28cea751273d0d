// Written by scripts/embed-migrations.mjs from migrations/sender/0003_claims.sql.
export const name = '0003_claims'

export const sql = `-- Sender, version 1: deliveries are claimed. A lane, an endpoint's part of the queue, is claimed by one session at a time, under an advisory lock
-- of the transaction: each statement after it sees what others leased before, so that caps, rates and lines hold across all workers
-- without a counter. A lane that is locked is passed over, so claims wait for nobody.

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
     WHERE b.event_id IS NOT NULL AND q.tenant_id = b.tenant_id AND q.event_id = b.event_id AND q.lane = of_lane
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

-- → { now, suspects, lanes: [[lane, tenantId, failing]] }: those with something due, and under no lease, of an endpoint that may
-- be asked, by the time they waited.
CREATE FUNCTION posthorn.find_lanes() RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  now_ms bigint := posthorn.now_ms();
  gone bigint[];
  due json;
  suspects boolean := false;
BEGIN
  PERFORM posthorn.assert_read_committed();
  SELECT array_agg(l.lane) FILTER (WHERE e.lane IS NULL),
    json_agg(json_build_array(l.lane, e.tenant_id, e.failing_since IS NOT NULL) ORDER BY l.due_at, l.lane)
      FILTER (WHERE l.due_at <= now_ms AND posthorn.opens_at(e,
        (SELECT p.due FROM posthorn.paces p WHERE e.rate_limit IS NOT NULL AND p.tenant_id = e.tenant_id AND p.lane = e.lane)) <= now_ms
        AND EXISTS (SELECT 1 FROM posthorn.queue q WHERE q.lane = l.lane AND q.due_at <= now_ms AND q.leased_until <= now_ms))
  INTO gone, due
  FROM posthorn.lanes_waiting() l LEFT JOIN posthorn.endpoints e ON e.lane = l.lane;
  IF gone IS NOT NULL THEN
    PERFORM posthorn.cancel_lane(g, now_ms) FROM unnest(gone) AS g;
  END IF;
  PERFORM 1 FROM posthorn.queue q WHERE q.lost >= 1 LIMIT 1;
  IF FOUND THEN suspects := EXISTS (SELECT 1 FROM posthorn.suspicious_lanes(now_ms)); END IF;
  RETURN json_build_object('now', now_ms, 'suspects', suspects, 'lanes', coalesce(due, '[]'))::text;
END $$;

-- Leases deliveries of the lanes that are named, in the order in which they are served: of each its quota first, and then what is left over to
-- whoever has more. The lanes behind \`first_lanes\` are looked at only if those before them leave slots free. With \`alone\` one suspect, of the
-- lane next to \`solo_after\`, and nothing else. \`revisions\`: of the endpoints that the caller knows, 0 where it knows none.
--
-- → a row for each delivery, with \`body\` where that is ASCII and else \`escaped\` as encode(…, 'escape') writes it, and a last one whose \`note\` is { now, suspects, seen, busy: [lane], lanes: [[lane, taken, left]], endpoints }: how
-- many of the lanes were looked at, which of them another session was at, of each of the others what was taken and whether there is more, and
-- the endpoints that are of another revision.
CREATE FUNCTION posthorn.claim_deliveries(
  lanes text, quotas text, revisions text, first_lanes text, most text, lease_ms text,
  per_endpoint text, failing_limit text, probe_after_ms text, alone text, solo_after text
) RETURNS TABLE (
  lane text, id text, token text, attempt text, event text, type text, orderkey text, message text,
  lost text, sololost text, deferred text, created text, metadata text, body text, escaped text, note text
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  lanes bigint[] := claim_deliveries.lanes::bigint[];
  quotas integer[] := claim_deliveries.quotas::integer[];
  revisions integer[] := claim_deliveries.revisions::integer[];
  first_lanes integer := claim_deliveries.first_lanes::integer;
  most integer := claim_deliveries.most::integer;
  lease_ms bigint := claim_deliveries.lease_ms::bigint;
  per_endpoint bigint := claim_deliveries.per_endpoint::bigint;
  failing_limit integer := claim_deliveries.failing_limit::integer;
  probe_after_ms double precision := claim_deliveries.probe_after_ms::double precision;
  alone boolean := claim_deliveries.alone::boolean;
  solo_after bigint := claim_deliveries.solo_after::bigint;
  now_ms bigint := posthorn.now_ms();
  suspects boolean := false;
  -- Rows in the way that are not leased: committed late below those that are, or suspects.
  slack integer := 16;
  free_slots integer := CASE WHEN alone THEN least(most, 1) ELSE most END;
  failing_left integer := failing_limit;
  seen integer := 0;
  upto integer := first_lanes;
  is_last boolean;
  depth bigint;
  mine bigint[];
  mine_quotas integer[];
  mine_revisions integer[];
  busy bigint[] := '{}';
  wanted tid[];
  outcome record;
  looked_at jsonb := '[]';
  endpoints jsonb := '[]';
BEGIN
  PERFORM posthorn.assert_read_committed();
  PERFORM 1 FROM posthorn.queue q WHERE q.lost >= 1 LIMIT 1;
  IF FOUND THEN
    slack := 64;
    suspects := EXISTS (SELECT 1 FROM posthorn.suspicious_lanes(now_ms));
  END IF;
  IF alone THEN
    lanes := ARRAY(SELECT s FROM posthorn.suspicious_lanes(now_ms) AS s ORDER BY s <= solo_after, s);
    quotas := array_fill(1, ARRAY[cardinality(lanes)]);
    revisions := array_fill(0, ARRAY[cardinality(lanes)]);
    upto := cardinality(lanes);
  END IF;

  -- At first so many rows of each lane that the slots are filled if there is enough; then, if they are not, all that may be had.
  FOR round IN 1..2 LOOP
    EXIT WHEN free_slots <= 0 OR cardinality(lanes) = 0;
    is_last := round = 2 OR alone;
    SELECT array_agg(l.lane) FILTER (WHERE l.mine), array_agg(l.quota) FILTER (WHERE l.mine), array_agg(l.revision) FILTER (WHERE l.mine),
      coalesce(array_agg(l.lane) FILTER (WHERE NOT l.mine), '{}')
    INTO mine, mine_quotas, mine_revisions, busy
    FROM (
      SELECT l.*, pg_try_advisory_xact_lock(hashtext('posthorn'), l.lane::integer) AS mine
      FROM unnest(lanes[1:upto], quotas[1:upto], revisions[1:upto]) AS l(lane, quota, revision) OFFSET 0
    ) l;
    depth := CASE WHEN is_last THEN per_endpoint ELSE least(per_endpoint, greatest(8, 4 * free_slots / upto)) END;

    -- The leased are the longest due: what lies behind as many as the cap need not be looked at.
    WITH looked AS MATERIALIZED (
      SELECT l.place, l.quota, l.lane, e.tenant_id, e.failing_since IS NOT NULL AS failing, c.pause, c.pace_due, f.free, f.had_lease,
        c.lined IS FALSE AND f.rows >= depth + slack AND c.cap > depth AS cut,
        CASE WHEN l.revision <> e.revision THEN to_jsonb(e.endpoint) END AS endpoint,
        least(coalesce(cardinality(f.free), 0), greatest(0, c.cap - f.held),
          CASE WHEN c.pause IS NOT NULL THEN greatest(0, floor(c.spare - greatest(0, c.pace_due - now_ms - 0.001) / c.pause) + 1) END)::integer AS ready
      FROM unnest(mine, mine_quotas, mine_revisions) WITH ORDINALITY AS l(lane, quota, revision, place)
      LEFT JOIN LATERAL (
        SELECT e.*, e AS endpoint, (SELECT p.due FROM posthorn.paces p WHERE e.rate_limit IS NOT NULL AND p.tenant_id = e.tenant_id AND p.lane = e.lane) AS pace
        FROM posthorn.endpoints e WHERE e.lane = l.lane OFFSET 0
      ) e ON true
      CROSS JOIN LATERAL (
        SELECT CASE WHEN posthorn.opens_at(e.endpoint, e.pace) <= now_ms THEN e.ordered IS NOT NULL AND e.status <> 'disabled' END AS lined,
          CASE WHEN e.status <> 'disabled' AND now_ms - e.failing_since >= probe_after_ms THEN least(per_endpoint, 1) ELSE per_endpoint END AS cap,
          floor(e.rate_limit / 20.0) AS spare,
          CASE WHEN e.status <> 'disabled' THEN e.rate_per_ms / (e.rate_limit - floor(e.rate_limit / 20.0)) END AS pause,
          CASE WHEN e.rate_limit IS NOT NULL THEN coalesce(e.pace, 0) END AS pace_due
        OFFSET 0
      ) c
      CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE w.leased_until > now_ms) AS held, count(*) AS rows,
          array_agg(w.t) FILTER (WHERE w.leased_until <= now_ms AND w.due_at <= now_ms AND w.wanted) AS free,
          bool_or(w.had_lease AND w.leased_until <= now_ms) AS had_lease
        FROM (
          (SELECT q.ctid AS t, q.leased_until, q.due_at, q.token IS NOT NULL AS had_lease, NOT alone AND q.lost + (q.token IS NOT NULL)::integer < 2 AS wanted
           FROM posthorn.queue q WHERE NOT c.lined AND q.lane = l.lane AND q.due_at <= now_ms
           ORDER BY q.due_at, q.seq LIMIT least(c.cap, depth) + slack)
          UNION ALL
          (SELECT q.ctid, q.leased_until, q.due_at, true, q.lost + (q.token IS NOT NULL)::integer >= 2
           FROM posthorn.queue q WHERE alone AND NOT c.lined AND q.lane = l.lane AND q.lost >= 1 AND q.due_at <= now_ms AND q.leased_until <= now_ms
           ORDER BY q.due_at)
          UNION ALL
          (SELECT h.t, h.leased_until, h.due_at, h.had_lease, alone = (h.losses >= 2) FROM (
             SELECT h.t, (h.head).leased_until, (h.head).due_at, (h.head).seq, (h.head).token IS NOT NULL AS had_lease,
               (h.head).lost + ((h.head).token IS NOT NULL)::integer AS losses
             FROM posthorn.heads(e.tenant_id, e.lane) h
             UNION ALL
             (SELECT q.ctid, q.leased_until, q.due_at, q.seq, q.token IS NOT NULL, q.lost + (q.token IS NOT NULL)::integer FROM posthorn.queue q
              WHERE q.lane = l.lane AND q.order_key IS NULL AND q.due_at <= now_ms ORDER BY q.due_at, q.seq LIMIT c.cap + slack)
           ) h WHERE c.lined ORDER BY h.due_at, h.seq)
        ) w
      ) f
    ), wishes AS (
      SELECT k.*, least(k.ready, k.quota) AS first_wish,
        CASE WHEN is_last OR upto = cardinality(lanes) THEN k.ready - least(k.ready, k.quota) ELSE 0 END AS second_wish
      FROM looked k
    ), summed AS (
      SELECT w.*, sum(w.first_wish) OVER (PARTITION BY w.failing ORDER BY w.place) AS first_sum,
        sum(w.first_wish) OVER (PARTITION BY w.failing) + sum(w.second_wish) OVER (PARTITION BY w.failing ORDER BY w.place) AS second_sum
      FROM wishes w
    ), within_share AS (
      SELECT w.*,
        CASE WHEN w.failing THEN least(w.first_wish, greatest(0, failing_left - (w.first_sum - w.first_wish))) ELSE w.first_wish END AS first_part,
        CASE WHEN w.failing THEN least(w.second_wish, greatest(0, failing_left - (w.second_sum - w.second_wish))) ELSE w.second_wish END AS second_part
      FROM summed w
    ), shared AS MATERIALIZED (
      SELECT w.*, (least(w.first_part, greatest(0, free_slots - (w.first_sum_of_all - w.first_part)))
        + least(w.second_part, greatest(0, free_slots - (w.second_sum_of_all - w.second_part))))::integer AS count
      FROM (
        SELECT w.*, sum(w.first_part) OVER (ORDER BY w.place) AS first_sum_of_all,
          sum(w.first_part) OVER () + sum(w.second_part) OVER (ORDER BY w.place) AS second_sum_of_all
        FROM within_share w
      ) w
    )
    SELECT ARRAY(SELECT u FROM shared s CROSS JOIN LATERAL unnest(s.free[1:s.count]) AS u WHERE s.count > 0) AS tids,
      jsonb_agg(jsonb_build_array(s.lane, s.count, s.ready - s.count + s.cut::integer)) AS lanes,
      jsonb_agg(s.endpoint) FILTER (WHERE s.endpoint IS NOT NULL) AS endpoints,
      coalesce(sum(s.count) FILTER (WHERE s.failing), 0)::integer AS failing, coalesce(bool_or(s.cut), false) AS cut,
      bool_or(s.had_lease) AS had_lease,
      array_agg(s.tenant_id) FILTER (WHERE s.pause IS NOT NULL AND s.count > 0) AS paced_tenants,
      array_agg(s.lane) FILTER (WHERE s.pause IS NOT NULL AND s.count > 0) AS paced_lanes,
      array_agg(greatest(s.pace_due, now_ms) + s.count * s.pause) FILTER (WHERE s.pause IS NOT NULL AND s.count > 0) AS paces
    INTO outcome FROM shared s;
    looked_at := looked_at || coalesce(outcome.lanes, '[]');
    endpoints := endpoints || coalesce(outcome.endpoints, '[]');
    wanted := outcome.tids;
    free_slots := free_slots - cardinality(wanted);
    failing_left := failing_left - outcome.failing;

    -- Rows are found again by their place in the table: no statistics can make that slow. A row that moved meanwhile is somebody else's.
    -- Others may be at those whose lease ran out, in another order: these are locked first, or left. To the rest only a lane's claim comes.
    IF outcome.had_lease THEN
      wanted := ARRAY(SELECT q.ctid FROM posthorn.queue q WHERE q.ctid = ANY (wanted) AND q.leased_until <= now_ms FOR UPDATE SKIP LOCKED);
    END IF;
    IF outcome.paced_lanes IS NOT NULL THEN
      INSERT INTO posthorn.paces AS p (tenant_id, lane, due)
      SELECT * FROM unnest(outcome.paced_tenants, outcome.paced_lanes, outcome.paces)
      ON CONFLICT (tenant_id, lane) DO UPDATE SET due = excluded.due;
    END IF;
    IF wanted <> '{}' THEN
      RETURN QUERY
      WITH leased AS (
        UPDATE posthorn.queue q SET
          leased_until = now_ms + lease_ms,
          token = nextval('posthorn.tokens'),
          solo = alone,
          attempt = q.attempt + 1,
          lost = q.lost + (q.token IS NOT NULL)::integer,
          solo_lost = q.solo_lost + (q.token IS NOT NULL AND q.solo)::integer
        WHERE q.ctid = ANY (wanted) AND q.leased_until <= now_ms AND (outcome.had_lease OR q.token IS NULL)
        RETURNING q.*
      )
      SELECT q.lane::text, q.id, q.token::text, q.attempt::text, q.event_id, v.type, v.ordering_key, q.message_id,
        q.lost::text, q.solo_lost::text, q.deferred::text, q.created_at::text, v.metadata,
        CASE WHEN v.ascii THEN convert_from(v.body, 'SQL_ASCII') END, CASE WHEN NOT v.ascii THEN encode(v.body, 'escape') END, NULL
      FROM (SELECT x.* FROM leased x ORDER BY x.due_at, x.seq) q
      CROSS JOIN LATERAL (
        SELECT v.type, v.ordering_key, v.metadata, v.body, v.ascii FROM posthorn.events v
        WHERE v.tenant_id = q.tenant_id AND v.id = q.event_id AND q.envelope IS NULL
        UNION ALL
        SELECT v.type, v.ordering_key, v.metadata, b.body, b.ascii FROM posthorn.events v
        LEFT JOIN posthorn.bodies b ON b.tenant_id = v.tenant_id AND b.event_id = v.id AND b.envelope = q.envelope
        WHERE v.tenant_id = q.tenant_id AND v.id = q.event_id AND q.envelope IS NOT NULL OFFSET 0) v;
    END IF;

    seen := upto;
    EXIT WHEN is_last OR NOT outcome.cut AND upto = cardinality(lanes);
    upto := cardinality(lanes);
  END LOOP;

  lane := NULL;
  note := json_build_object('now', now_ms, 'suspects', suspects, 'seen', seen, 'busy', busy, 'lanes', looked_at, 'endpoints', endpoints)::text;
  RETURN NEXT;
END $$;

-- → milliseconds until an event or a delivery could be claimed, 0 if now, NULL if nothing waits.
CREATE FUNCTION posthorn.next_due_in() RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  now_ms bigint := posthorn.now_ms();
  earliest double precision;
BEGIN
  -- Events under a lease are as many as the workers have at hand: behind them the first that is free is found.
  PERFORM 1 FROM (SELECT u.leased_until FROM posthorn.unmatched u ORDER BY u.seq) u WHERE u.leased_until <= now_ms LIMIT 1;
  IF FOUND THEN RETURN '0'; END IF;
  SELECT least(
    (SELECT min(u.leased_until) FROM (SELECT u.leased_until FROM posthorn.unmatched u ORDER BY u.seq OFFSET 0) u),
    (SELECT min(CASE WHEN e.lane IS NULL THEN 0 WHEN r.ready IS NOT NULL THEN greatest(r.ready, e.opens) END)
     FROM posthorn.lanes_waiting() l
     LEFT JOIN LATERAL (
       SELECT e.*, posthorn.opens_at(e,
         (SELECT p.due FROM posthorn.paces p WHERE e.rate_limit IS NOT NULL AND p.tenant_id = e.tenant_id AND p.lane = e.lane)) AS opens
       FROM posthorn.endpoints e WHERE e.lane = l.lane OFFSET 0) e ON true
     CROSS JOIN LATERAL (
       SELECT CASE WHEN e.ordered IS NOT NULL AND e.status <> 'disabled' THEN (
         SELECT min(greatest(h.due_at, h.leased_until)) FROM (
           SELECT (h.head).due_at, (h.head).leased_until FROM posthorn.heads(e.tenant_id, l.lane) h
           UNION ALL SELECT q.due_at, q.leased_until FROM posthorn.queue q WHERE q.lane = l.lane AND q.order_key IS NULL) h)
       ELSE least(
         (SELECT q.due_at FROM posthorn.queue q WHERE q.lane = l.lane AND q.leased_until <= now_ms ORDER BY q.due_at, q.seq LIMIT 1),
         (SELECT min(q.leased_until) FROM (
           SELECT q.leased_until FROM posthorn.queue q WHERE q.lane = l.lane ORDER BY q.due_at, q.seq LIMIT 1000) q
          WHERE q.leased_until > now_ms)) END AS ready
     ) r
     WHERE e.lane IS NULL OR e.opens IS NOT NULL))
  INTO earliest;
  RETURN CASE WHEN earliest IS NOT NULL THEN ceil(greatest(0, earliest - now_ms))::text END;
END $$;
`
