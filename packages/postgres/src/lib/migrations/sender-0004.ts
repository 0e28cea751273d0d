// Written by scripts/embed-migrations.mjs from migrations/sender/0004_leases.sql.
export const name = '0004_leases'

export const sql = `-- Sender, version 1: what becomes of leases.

-- What the end of deliveries means for their lines: [{ lane, key, tenantId, eventId, id, position, seq, failed }]
CREATE FUNCTION posthorn.end_lines(ended jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM posthorn.blocked b
  USING jsonb_to_recordset(ended) AS d("tenantId" text, lane bigint, key text, "eventId" text, failed boolean)
  WHERE b.tenant_id = d."tenantId" AND b.lane = d.lane AND b.order_key = d.key AND b.event_id = d."eventId" AND NOT d.failed;

  INSERT INTO posthorn.blocked AS b (tenant_id, lane, order_key, event_id, delivery_id, "position")
  SELECT d."tenantId", d.lane, d.key, d."eventId", d.id, d.position
  FROM jsonb_to_recordset(ended) AS d(lane bigint, key text, "tenantId" text, "eventId" text, id text, "position" bigint, seq bigint, failed boolean)
  JOIN posthorn.endpoints e ON e.lane = d.lane AND e.ordered = 'block' AND e.status <> 'disabled'
  WHERE d.failed AND NOT EXISTS (
    SELECT 1 FROM posthorn.queue q
    WHERE q.lane = d.lane AND q.order_key = d.key AND (q."position", q.seq) < (d.position, d.seq))
  ON CONFLICT (tenant_id, lane, order_key) DO UPDATE SET
    event_id = excluded.event_id, delivery_id = excluded.delivery_id, "position" = excluded."position";
END $$;

-- Whether the delivery exists, and this attempt of it is not in the log.
CREATE FUNCTION posthorn.is_unlogged(of_tenant text, delivery text, attempt integer, started bigint) RETURNS boolean LANGUAGE sql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
  SELECT (EXISTS (SELECT 1 FROM posthorn.queue q WHERE q.tenant_id = of_tenant AND q.id = delivery)
      OR EXISTS (SELECT 1 FROM posthorn.deliveries d WHERE d.tenant_id = of_tenant AND d.id = delivery))
    AND NOT EXISTS (
      SELECT 1 FROM posthorn.attempts a
      WHERE a.tenant_id = of_tenant AND a.delivery_id = delivery AND a.number = attempt AND a.started_at = started)
$$;

-- Cells with a unit separator between them, of which no cell holds any; an empty one is NULL. \`settlements\`: rows of nine, which are tenant, id, attempt,
-- token, status, wait, whether it is a deferral, reason, HTTP status; in the order of tenants and ids, so that two batches never wait for each other in a
-- circle; no token twice. \`attempts\`: rows of fifteen, which are the cells in \`settlements\` before its row, number, start, duration, outcome, status,
-- headers of request and response, whether the response was cut, error code and message, duplicate, fresh socket, and the start and length of the
-- response in \`bytes\`. \`pending\`: how many are to be repeated. → nothing where all were applied, or [cells before a row that was].
CREATE FUNCTION posthorn.settle_deliveries(settlements text, attempts text, bytes bytea, pending text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  settlements text[] := string_to_array(settle_deliveries.settlements, E'\\x1f', '');
  attempts text[] := string_to_array(settle_deliveries.attempts, E'\\x1f', '');
  total integer := cardinality(settlements);
  now_ms bigint := posthorn.now_ms();
  left_over integer[];
  applied integer[];
  is_whole boolean;
  done integer[];
  ended jsonb;
BEGIN
  FOR round IN 1..2 LOOP
    -- A row that is changed by another just now is not waited for, and not found: it is looked at once more.
    WITH gone AS (
      DELETE FROM posthorn.queue q USING (
        SELECT l.t, l.token, i AS place FROM generate_series(0, total - 9, 9) AS i
        CROSS JOIN LATERAL (
          SELECT q.ctid AS t, q.token FROM posthorn.queue q
          WHERE q.tenant_id = settlements[i + 1] AND q.id = settlements[i + 2] AND q.token = settlements[i + 4]::bigint
            AND q.attempt = settlements[i + 3]::integer OFFSET 0) l
        WHERE settlements[i + 5] <> 'pending' AND (round = 1 OR i = ANY (left_over))
      ) f WHERE q.ctid = f.t AND q.token = f.token
      RETURNING q.*, f.place
    ), logged AS (
      INSERT INTO posthorn.deliveries
        (tenant_id, id, endpoint_id, event_id, seq, status, reason, attempt, lost, solo_lost, deferred, last_status, message_id, replay_of,
         created_at, finished_at)
      SELECT tenant_id, id, endpoint_id, event_id, seq, settlements[place + 5], settlements[place + 8], attempt, lost, solo_lost, deferred,
        coalesce(settlements[place + 9]::integer, last_status), message_id, replay_of, created_at, now_ms
      FROM gone
    )
    SELECT array_agg(place), jsonb_agg(jsonb_build_object('lane', lane, 'key', order_key, 'tenantId', tenant_id, 'eventId', event_id,
      'id', id, 'position', "position", 'seq', seq, 'failed', settlements[place + 5] = 'failed')) FILTER (WHERE order_key IS NOT NULL)
    INTO done, ended FROM gone;
    IF ended IS NOT NULL THEN PERFORM posthorn.end_lines(ended); END IF;
    applied := applied || done;

    IF pending <> '0' THEN
      WITH kept AS (
        UPDATE posthorn.queue q SET due_at = now_ms + settlements[f.place + 6]::bigint, leased_until = 0, token = NULL, solo = false,
          deferred = q.deferred + settlements[f.place + 7]::boolean::integer,
          last_status = coalesce(settlements[f.place + 9]::integer, q.last_status)
        FROM (
          SELECT l.t, l.token, i AS place FROM generate_series(0, total - 9, 9) AS i
          CROSS JOIN LATERAL (
            SELECT q.ctid AS t, q.token FROM posthorn.queue q
            WHERE q.tenant_id = settlements[i + 1] AND q.id = settlements[i + 2] AND q.token = settlements[i + 4]::bigint
              AND q.attempt = settlements[i + 3]::integer OFFSET 0) l
          WHERE settlements[i + 5] = 'pending' AND (round = 1 OR i = ANY (left_over))
        ) f WHERE q.ctid = f.t AND q.token = f.token
        RETURNING f.place
      )
      SELECT array_agg(place) INTO done FROM kept;
      applied := applied || done;
    END IF;

    is_whole := 9 * cardinality(applied) = total;
    EXIT WHEN is_whole;
    EXIT WHEN round = 2;
    left_over := ARRAY(SELECT i FROM generate_series(0, total - 9, 9) AS i WHERE (i = ANY (applied)) IS NOT TRUE);
    PERFORM 1 FROM unnest(left_over) AS i CROSS JOIN LATERAL (
      SELECT 1 FROM posthorn.queue q
      WHERE q.tenant_id = settlements[i + 1] AND q.id = settlements[i + 2] AND q.token = settlements[i + 4]::bigint
      FOR UPDATE OFFSET 0) l;
    EXIT WHEN NOT FOUND;
  END LOOP;

  -- What was stale may be a repetition, and of two at once the second sees what the first logged.
  IF is_whole IS NOT TRUE THEN PERFORM pg_advisory_xact_lock(hashtext('posthorn'), -2); END IF;
  INSERT INTO posthorn.attempts
    (tenant_id, delivery_id, number, started_at, duration_ms, outcome, status, request_headers, response_headers, response_truncated,
     error_code, error_message, duplicate, fresh_socket, response_body)
  SELECT settlements[l.place + 1], settlements[l.place + 2], l.number, l.started, attempts[i + 4]::integer, attempts[i + 5], attempts[i + 6]::integer,
    attempts[i + 7], attempts[i + 8], attempts[i + 9]::boolean, attempts[i + 10], CASE WHEN attempts[i + 10] IS NOT NULL THEN coalesce(attempts[i + 11], '') END,
    attempts[i + 12]::boolean,
    attempts[i + 13]::boolean, substring(bytes FROM attempts[i + 14]::integer FOR attempts[i + 15]::integer)
  FROM (
    SELECT i, attempts[i + 1]::integer AS place, attempts[i + 2]::integer AS number, attempts[i + 3]::bigint AS started
    FROM generate_series(0, cardinality(attempts) - 15, 15) AS i) l
  WHERE is_whole OR l.place = ANY (applied)
    OR posthorn.is_unlogged(settlements[l.place + 1], settlements[l.place + 2], l.number, l.started);
  RETURN CASE WHEN is_whole THEN '' ELSE coalesce(array_to_json(applied)::text, '[]') END;
END $$;

-- \`leases\`: rows of tenant, id, attempt, token, in the order of tenants and ids → [place extended], from 1.
CREATE FUNCTION posthorn.extend_leases(leases text, lease_ms text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  leases text[] := extend_leases.leases::text[];
  lease_ms bigint := extend_leases.lease_ms::bigint;
  now_ms bigint := posthorn.now_ms();
  places bigint[];
BEGIN
  WITH found AS MATERIALIZED (
    SELECT i AS place, l.t FROM generate_series(1, array_length(leases, 1)) AS i
    CROSS JOIN LATERAL (
      SELECT q.ctid AS t FROM posthorn.queue q
      WHERE q.tenant_id = leases[i][1] AND q.id = leases[i][2] AND q.token = leases[i][4]::bigint AND q.attempt = leases[i][3]::integer
        AND q.leased_until > now_ms
      FOR UPDATE OFFSET 0
    ) l
  ), extended AS (
    UPDATE posthorn.queue q SET leased_until = greatest(q.leased_until, now_ms + lease_ms)
    FROM found f WHERE q.ctid = f.t RETURNING f.place
  )
  SELECT coalesce(array_agg(place), '{}') INTO places FROM extended;
  RETURN array_to_json(places)::text;
END $$;

-- The same rows.
CREATE FUNCTION posthorn.release_leases(leases text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  leases text[] := release_leases.leases::text[];
BEGIN
  UPDATE posthorn.queue q SET leased_until = 0, token = NULL, solo = false, attempt = q.attempt - 1
  FROM generate_series(1, array_length(leases, 1)) AS i
  WHERE q.tenant_id = leases[i][1] AND q.id = leases[i][2] AND q.token = leases[i][4]::bigint AND q.attempt = leases[i][3]::integer;
  RETURN '';
END $$;

-- → canceled, finished or not_found
CREATE FUNCTION posthorn.cancel_delivery(of_tenant text, delivery text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  now_ms bigint := posthorn.now_ms();
  q posthorn.queue;
BEGIN
  DELETE FROM posthorn.queue k WHERE k.tenant_id = of_tenant AND k.id = delivery RETURNING * INTO q;
  IF FOUND THEN
    INSERT INTO posthorn.deliveries
      (tenant_id, id, endpoint_id, event_id, seq, status, attempt, lost, solo_lost, deferred, last_status, message_id, replay_of, created_at, finished_at)
    VALUES (q.tenant_id, q.id, q.endpoint_id, q.event_id, q.seq, 'canceled', q.attempt, q.lost, q.solo_lost, q.deferred, q.last_status,
      q.message_id, q.replay_of, q.created_at, now_ms);
    IF q.order_key IS NOT NULL THEN
      PERFORM posthorn.end_lines(jsonb_build_array(jsonb_build_object('lane', q.lane, 'key', q.order_key, 'tenantId', q.tenant_id,
        'eventId', q.event_id, 'id', q.id, 'position', q."position", 'seq', q.seq, 'failed', false)));
    END IF;
    RETURN 'canceled';
  END IF;
  DELETE FROM posthorn.blocked b WHERE b.tenant_id = of_tenant AND b.delivery_id = delivery;
  IF FOUND THEN
    UPDATE posthorn.deliveries d SET status = 'canceled', reason = NULL, finished_at = now_ms WHERE d.tenant_id = of_tenant AND d.id = delivery;
    RETURN 'canceled';
  END IF;
  PERFORM 1 FROM posthorn.deliveries d WHERE d.tenant_id = of_tenant AND d.id = delivery;
  RETURN CASE WHEN FOUND THEN 'finished' ELSE 'not_found' END;
END $$;

-- \`items\`: rows of tenant, id, event, endpoint, whether the message gets an id of its own, envelope, what it replays, and start, length and whether it is
-- ASCII, of \`bytes\`, which holds the bodies that are given → verdicts, in the same order.
CREATE FUNCTION posthorn.redeliver(items text, bytes bytea) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  items text[] := redeliver.items::text[];
  total integer := array_length(items, 1);
  now_ms bigint := posthorn.now_ms();
  verdicts text[] := '{}';
BEGIN
  PERFORM posthorn.assert_read_committed();
  -- The events are locked in one order: of two replays of one event the second sees the first.
  PERFORM 1 FROM (SELECT DISTINCT items[i][1] AS tenant, items[i][3] AS event FROM generate_series(1, total) AS i ORDER BY 1, 2) g
  CROSS JOIN LATERAL (
    SELECT 1 FROM posthorn.events v WHERE v.tenant_id = g.tenant AND v.id = g.event FOR NO KEY UPDATE OFFSET 0
  ) l;
  FOR i IN 1..total LOOP
    verdicts := verdicts || posthorn.redeliver_one(items[i][1], items[i][2], items[i][3], items[i][4], items[i][5]::boolean, items[i][6],
      items[i][7], substring(bytes FROM items[i][8]::integer FOR items[i][9]::integer), items[i][10]::boolean, now_ms);
  END LOOP;
  RETURN array_to_json(verdicts)::text;
END $$;

CREATE FUNCTION posthorn.redeliver_one(
  of_tenant text, delivery text, event text, endpoint text, renewed boolean, of_envelope text, replayed text, bytes bytea, ascii boolean,
  now_ms bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v posthorn.events;
  e posthorn.endpoints;
  place bigint;
  message text;
BEGIN
  SELECT * INTO v FROM posthorn.events k WHERE k.tenant_id = of_tenant AND k.id = event;
  IF v.id IS NULL THEN RETURN 'event_not_found'; END IF;
  SELECT * INTO e FROM posthorn.endpoints k WHERE k.tenant_id = of_tenant AND k.id = endpoint;
  IF e.id IS NULL THEN RETURN 'endpoint_not_found'; END IF;
  PERFORM 1 FROM posthorn.queue q WHERE q.tenant_id = v.tenant_id AND q.event_id = v.id AND q.created_at > 0 AND q.endpoint_id = e.id;
  IF FOUND THEN RETURN 'pending'; END IF;
  IF v.body IS NULL THEN RETURN 'payload_pruned'; END IF;
  IF of_envelope IS NOT NULL THEN
    INSERT INTO posthorn.bodies (tenant_id, event_id, envelope, body, ascii)
    SELECT v.tenant_id, v.id, of_envelope, bytes, redeliver_one.ascii WHERE bytes IS NOT NULL
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM posthorn.bodies b WHERE b.tenant_id = v.tenant_id AND b.event_id = v.id AND b.envelope = of_envelope;
    IF NOT FOUND THEN RETURN 'payload_pruned'; END IF;
  END IF;
  IF renewed THEN
    UPDATE posthorn.events k SET renewals = k.renewals + 1 WHERE k.tenant_id = v.tenant_id AND k.id = v.id
    RETURNING k.id || '-r' || k.renewals INTO message;
  END IF;
  place := nextval('posthorn.positions');
  INSERT INTO posthorn.queue
    (tenant_id, id, lane, endpoint_id, event_id, seq, "position", order_key, due_at, message_id, envelope, replay_of, created_at)
  VALUES (v.tenant_id, delivery, e.lane, e.id, v.id, place,
    coalesce((SELECT b."position" FROM posthorn.blocked b
      WHERE b.tenant_id = v.tenant_id AND b.lane = e.lane AND b.order_key = v.ordering_key AND b.event_id = v.id), place),
    v.ordering_key, now_ms, message, of_envelope, replayed, now_ms);
  RETURN 'created';
END $$;
`
