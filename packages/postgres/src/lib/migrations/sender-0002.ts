// Written by scripts/embed-migrations.mjs from migrations/sender/0002_events.sql.
export const name = '0002_events'

export const sql = `-- Sender, version 1: events come in. What each call takes and answers is text, so that no host's type parsers matter, and no cast has to be planned
-- with each call. Batches come as rows: an array of two dimensions, all texts, which costs a call less than an array for each column.

CREATE FUNCTION posthorn.now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

-- Where a function takes locks and then looks, it has to see what was committed meanwhile.
CREATE FUNCTION posthorn.assert_read_committed() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'The statements of this client run in % transactions. Give the store a client with default_transaction_isolation ''read committed''.',
      current_setting('transaction_isolation') USING ERRCODE = 'PH003';
  END IF;
END $$;

-- Names a state of a tenant's endpoints, as the caller's transaction sees them: of each its version, and the transaction that wrote it, for one that is
-- rolled back leaves its revision to another. A set of one row, so that it is made part of the statement that calls it.
CREATE FUNCTION posthorn.mark_of(of_tenant text) RETURNS TABLE (mark text) LANGUAGE sql STABLE AS $$
  SELECT hashtextextended(coalesce(string_agg(e.lane || ' ' || e.revision || ' ' || e.xmin, ',' ORDER BY e.lane), ''), 0)::text
  FROM posthorn.endpoints e WHERE e.tenant_id = of_tenant
$$;

-- Writes the deliveries of events that are there: due at once, unless skipped; born canceled when their endpoint is gone. Answers how many are due.
-- \`tokens\`: of each delivery that of the lease that it is born with, which ends at \`until\`; NULL for none.
-- \`events\`: rows of tenant, id, ordering key and whatever else; \`seqs\`: of each its place, NULL where it is not to have any.
-- \`deliveries\`: rows of place in \`events\`, id, endpoint, envelope, reason to skip it; in the order in which they are to be delivered.
-- \`bodies\`: rows of place, envelope, and start, length and whether it is ASCII, of \`bytes\`.
CREATE FUNCTION posthorn.add_deliveries(
  events text[], seqs bigint[], deliveries text[], bodies text[], bytes bytea, now_ms bigint, tokens bigint[] DEFAULT NULL, until bigint DEFAULT 0
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  due integer;
BEGIN
  IF cardinality(bodies) > 0 THEN
    INSERT INTO posthorn.bodies (tenant_id, event_id, envelope, body, ascii)
    SELECT events[g.place][1], events[g.place][2], g.envelope, substring(bytes FROM g.start FOR g.length), g.ascii
    FROM (
      SELECT bodies[i][1]::integer AS place, bodies[i][2] AS envelope, bodies[i][3]::integer AS start, bodies[i][4]::integer AS length,
        bodies[i][5]::boolean AS ascii
      FROM generate_series(1, array_length(bodies, 1)) AS i) g
    WHERE seqs[g.place] IS NOT NULL
    ON CONFLICT DO NOTHING;
  END IF;

  INSERT INTO posthorn.queue
    (tenant_id, id, lane, endpoint_id, event_id, seq, "position", order_key, due_at, leased_until, token, attempt, envelope, created_at)
  SELECT events[g.place][1], g.id, e.lane, g.endpoint, events[g.place][2], nextval('posthorn.positions'), seqs[g.place], events[g.place][3],
    now_ms, until, g.token, (g.token IS NOT NULL)::integer, g.envelope, now_ms
  FROM (
    SELECT deliveries[i][1]::integer AS place, deliveries[i][2] AS id, deliveries[i][3] AS endpoint, deliveries[i][4] AS envelope,
      deliveries[i][5] AS reason, tokens[i] AS token
    FROM generate_series(1, array_length(deliveries, 1)) AS i) g
  CROSS JOIN LATERAL (
    SELECT e.lane FROM posthorn.endpoints e WHERE e.tenant_id = events[g.place][1] AND e.id = g.endpoint OFFSET 0) e
  WHERE g.reason IS NULL AND seqs[g.place] IS NOT NULL;
  GET DIAGNOSTICS due = ROW_COUNT;
  IF due = array_length(deliveries, 1) THEN RETURN due; END IF;

  INSERT INTO posthorn.deliveries
    (tenant_id, id, endpoint_id, event_id, seq, status, reason, attempt, lost, solo_lost, deferred, created_at, finished_at)
  SELECT events[g.place][1], g.id, g.endpoint, events[g.place][2], nextval('posthorn.positions'),
    CASE WHEN g.reason IS NULL THEN 'canceled' ELSE 'skipped' END, g.reason, 0, 0, 0, 0, now_ms, now_ms
  FROM (
    SELECT deliveries[i][1]::integer AS place, deliveries[i][2] AS id, deliveries[i][3] AS endpoint, deliveries[i][5] AS reason
    FROM generate_series(1, array_length(deliveries, 1)) AS i) g
  WHERE seqs[g.place] IS NOT NULL AND (g.reason IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM posthorn.queue q WHERE q.tenant_id = events[g.place][1] AND q.id = g.id));
  RETURN due;
END $$;

-- \`events\`: rows of tenant, id, ordering key, type, version, time, idempotency key, metadata, state, deliveries wanted, place in the order of
-- recording, start, length and whether it is ASCII, of \`bytes\`, and the place of its mark. They are in the order of tenants and keys, so that two
-- batches with the same ones wait for each other, and never in a circle. \`deliveries\` and \`bodies\` as \`add_deliveries\` takes them. \`recorded\`: how
-- many are left to be matched. \`marks\`: rows of tenant and mark, as \`mark_of\` gives it: where it is another by now, nothing is written.
-- → [[eventId, duplicate, deliveries], or null for the outdated], in the order of the rows; empty when all were written.
--
-- With \`lease\`, which is { lease_ms, cap }, deliveries are under a lease from the start if nobody's turn is passed over by that: nothing waits in
-- \`lanes\`, of which the first get as many as \`wanted\` says, and no cap is in the way. That no rate, order or health is, the caller knows of endpoints
-- with a mark. → { answers, now, tokens }, with a token, or null where it was not written, for each delivery; \`tokens\` null where none has a lease.
CREATE FUNCTION posthorn.insert_events(
  events text, deliveries text, bodies text, bytes bytea, recorded text, marks text, unchecked text DEFAULT 'false',
  lease text DEFAULT NULL, lanes text DEFAULT NULL, wanted text DEFAULT NULL
) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  events text[] := insert_events.events::text[];
  deliveries text[] := insert_events.deliveries::text[];
  total integer := array_length(events, 1);
  now_ms bigint := posthorn.now_ms();
  seqs bigint[];
  outdated text[];
  written integer;
  due integer;
  lanes bigint[];
  wanted integer[];
  cap integer;
  until bigint := 0;
  tokens bigint[];
  answers json;
BEGIN
  IF lease IS NOT NULL THEN
    IF current_setting('transaction_isolation') NOT LIKE 'read %' THEN PERFORM posthorn.assert_read_committed(); END IF;
    lanes := insert_events.lanes::bigint[];
    wanted := insert_events.wanted::integer[];
    cap := (lease::bigint[])[2];
    until := now_ms + (lease::bigint[])[1];
    -- As a claim does: what others leased before is seen after it.
    FOR i IN 1..cardinality(wanted) LOOP
      IF NOT pg_try_advisory_xact_lock(hashtext('posthorn'), lanes[i]::integer) THEN
        until := 0;
        EXIT;
      END IF;
    END LOOP;
  END IF;
  IF until > 0 THEN
    PERFORM 1 FROM generate_series(1, cardinality(lanes)) AS i
    CROSS JOIN LATERAL (
      SELECT count(*) AS held, bool_or(w.leased_until <= now_ms) AS has_more FROM (
        SELECT q.leased_until FROM posthorn.queue q WHERE q.lane = lanes[i] AND q.due_at <= now_ms ORDER BY q.due_at, q.seq LIMIT cap) w) w
    WHERE w.has_more OR w.held + wanted[i] > cap LIMIT 1;
    IF FOUND THEN until := 0; END IF;
  END IF;
  IF marks <> '{}' THEN
    SELECT array_agg(m.place) INTO outdated
    FROM (SELECT i::text AS place, pair[i][1] AS tenant, pair[i][2] AS mark
      FROM (SELECT marks::text[] AS pair) m CROSS JOIN LATERAL generate_series(1, array_length(pair, 1)) AS i) m
    CROSS JOIN LATERAL posthorn.mark_of(m.tenant) AS now
    WHERE now.mark <> m.mark;
  END IF;

  IF total = 1 THEN
    seqs := ARRAY[nextval('posthorn.positions')];
  ELSE
    seqs := ARRAY(SELECT nextval('posthorn.positions') FROM generate_series(1, total));
    seqs := ARRAY(SELECT seqs[events[i][11]::integer] FROM generate_series(1, total) AS i);
  END IF;
  INSERT INTO posthorn.events
    (tenant_id, id, seq, ordering_key, type, version, "timestamp", recorded_at, idempotency_key, metadata, state, wanted, body, ascii)
  SELECT events[i][1], events[i][2], seqs[i], events[i][3], events[i][4], events[i][5]::integer, events[i][6]::bigint, now_ms, events[i][7],
    events[i][8], events[i][9], events[i][10]::integer, substring(bytes FROM events[i][12]::integer FOR events[i][13]::integer),
    events[i][14]::boolean
  FROM generate_series(1, total) AS i
  WHERE outdated IS NULL OR events[i][15] IS NULL OR events[i][15] <> ALL (outdated)
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS written = ROW_COUNT;
  IF written < total THEN
    seqs := ARRAY(
      SELECT (SELECT v.seq FROM posthorn.events v WHERE v.tenant_id = events[i][1] AND v.id = events[i][2] AND v.seq = seqs[i])
      FROM generate_series(1, total) AS i);
  END IF;

  IF recorded <> '0' THEN
    INSERT INTO posthorn.unmatched (tenant_id, event_id, seq, ordering_key, horizon, unchecked)
    SELECT events[i][1], events[i][2], seqs[i], events[i][3],
      coalesce((SELECT max(e.lane) FROM posthorn.endpoints e WHERE e.tenant_id = events[i][1]), 0), unchecked::boolean
    FROM generate_series(1, total) AS i
    WHERE seqs[i] IS NOT NULL AND events[i][9] = 'recorded';
  END IF;
  IF cardinality(deliveries) > 0 THEN
    IF until > 0 AND outdated IS NULL THEN
      tokens := ARRAY(SELECT nextval('posthorn.tokens') FROM generate_series(1, array_length(deliveries, 1)));
      due := posthorn.add_deliveries(events, seqs, deliveries, bodies::text[], bytes, now_ms, tokens, until);
      IF due <> array_length(deliveries, 1) THEN
        tokens := ARRAY(SELECT (
          SELECT q.token FROM posthorn.queue q
          WHERE q.tenant_id = events[deliveries[i][1]::integer][1] AND q.id = deliveries[i][2] AND q.token = tokens[i])
        FROM generate_series(1, array_length(deliveries, 1)) AS i);
      END IF;
    ELSE
      due := posthorn.add_deliveries(events, seqs, deliveries, bodies::text[], bytes, now_ms);
    END IF;
  END IF;
  IF written = total AND lease IS NULL THEN RETURN '[]'; END IF;
  IF written = total THEN RETURN json_build_object('answers', '[]'::json, 'now', now_ms, 'tokens', tokens); END IF;

  answers := (
    SELECT json_agg(CASE WHEN v.id IS NOT NULL THEN json_build_array(v.id, seqs[i] IS NULL, v.wanted) END ORDER BY i)
    FROM generate_series(1, total) AS i
    LEFT JOIN LATERAL (
      SELECT known.* FROM (
        SELECT 0 AS rank, e.id, e.wanted FROM posthorn.events e WHERE e.tenant_id = events[i][1] AND e.idempotency_key = events[i][7]
        UNION ALL
        SELECT 1, e.id, e.wanted FROM posthorn.events e WHERE e.tenant_id = events[i][1] AND e.id = events[i][2]
      ) known WHERE outdated IS NULL OR events[i][15] IS NULL OR events[i][15] <> ALL (outdated) ORDER BY rank LIMIT 1
    ) v ON true);
  IF lease IS NULL THEN RETURN answers; END IF;
  RETURN json_build_object('answers', answers, 'now', now_ms, 'tokens', tokens);
END $$;

-- → a row for each event, and a last one with nothing but \`now\`. \`body\` is what is ASCII, \`escaped\` any other as encode(…, 'escape') writes it.
CREATE FUNCTION posthorn.claim_events(most text, lease_ms text) RETURNS TABLE (
  tenant text, id text, type text, version text, body text, escaped text, horizon text, token text, unchecked text, now text
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  most integer := claim_events.most::integer;
  lease_ms bigint := claim_events.lease_ms::bigint;
  now_ms bigint := posthorn.now_ms();
BEGIN
  PERFORM 1 FROM (SELECT u.leased_until FROM posthorn.unmatched u ORDER BY u.seq) u WHERE u.leased_until <= now_ms LIMIT 1;
  IF FOUND THEN
    RETURN QUERY
    WITH found AS MATERIALIZED (
      SELECT u.tenant_id, u.event_id FROM posthorn.unmatched u WHERE u.leased_until <= now_ms
      ORDER BY u.seq LIMIT most FOR UPDATE SKIP LOCKED
    ), leased AS (
      UPDATE posthorn.unmatched u SET leased_until = now_ms + lease_ms, token = nextval('posthorn.tokens')
      FROM found f WHERE u.tenant_id = f.tenant_id AND u.event_id = f.event_id
      RETURNING u.*
    )
    SELECT e.tenant_id, e.id, e.type, e.version::text, CASE WHEN e.ascii THEN convert_from(e.body, 'SQL_ASCII') END,
      CASE WHEN NOT e.ascii THEN encode(e.body, 'escape') END, l.horizon::text, l.token::text, l.unchecked::text, NULL
    FROM (SELECT l.* FROM leased l ORDER BY l.seq) l
    CROSS JOIN LATERAL (SELECT e.* FROM posthorn.events e WHERE e.tenant_id = l.tenant_id AND e.id = l.event_id OFFSET 0) e;
  END IF;
  now := now_ms::text;
  tenant := NULL;
  RETURN NEXT;
END $$;

-- \`verdicts\`: rows of tenant, id, token, state, issues, deliveries wanted; \`deliveries\` and \`bodies\` as \`add_deliveries\` takes them → how many hold
CREATE FUNCTION posthorn.fan_out_events(verdicts text, deliveries text, bodies text, bytes bytea) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  verdicts text[] := fan_out_events.verdicts::text[];
  deliveries text[] := fan_out_events.deliveries::text[];
  total integer := array_length(verdicts, 1);
  now_ms bigint := posthorn.now_ms();
  seqs bigint[];
  events text[];
  applied integer;
  due integer;
BEGIN
  PERFORM 1 FROM generate_series(1, total) AS i JOIN posthorn.unmatched u ON u.tenant_id = verdicts[i][1] AND u.event_id = verdicts[i][2]
  ORDER BY u.seq FOR UPDATE OF u;

  -- Of each place the seq where the verdict holds, and NULL where it does not.
  WITH matched AS (
    DELETE FROM posthorn.unmatched u USING generate_series(1, total) AS i
    WHERE u.tenant_id = verdicts[i][1] AND u.event_id = verdicts[i][2] AND u.token::text = verdicts[i][3]
    RETURNING i, u.seq, u.ordering_key
  )
  SELECT array_agg(m.seq ORDER BY i), array_agg(ARRAY[verdicts[i][1], verdicts[i][2], m.ordering_key] ORDER BY i), count(m.seq)
  INTO seqs, events, applied FROM generate_series(1, total) AS i LEFT JOIN matched m USING (i);

  UPDATE posthorn.events e SET state = verdicts[i][4], issues = verdicts[i][5], wanted = verdicts[i][6]::integer
  FROM generate_series(1, total) AS i
  WHERE seqs[i] IS NOT NULL AND e.tenant_id = verdicts[i][1] AND e.id = verdicts[i][2];
  IF cardinality(deliveries) > 0 THEN
    SELECT array_agg(ARRAY[deliveries[i][1], deliveries[i][2], deliveries[i][3], deliveries[i][4], deliveries[i][5]]
      ORDER BY seqs[deliveries[i][1]::integer], i)
    INTO deliveries FROM generate_series(1, array_length(deliveries, 1)) AS i;
    due := posthorn.add_deliveries(events, seqs, deliveries, bodies::text[], bytes, now_ms);
  END IF;
  RETURN applied::text;
END $$;
`
