-- Sender, version 1: what becomes of leases.

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

-- One row for each settlement, in the order of tenants and ids, so that two batches never wait for each other in a circle; no token twice.
-- `log_places`: of which row each attempt is; `bytes` holds what was answered to them. → [place applied], from 1.
CREATE FUNCTION posthorn.settle_deliveries(
  tenants text, ids text, attempts text, tokens text, statuses text, retries text, deferrals text, reasons text,
  http_statuses text, log_places text, numbers text, started text, durations text, outcomes text, answers text,
  request_headers text, response_headers text, truncated text, codes text, messages text, duplicates text,
  fresh_sockets text, starts text, lengths text, bytes bytea
) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  tenants text[] := settle_deliveries.tenants::text[];
  ids text[] := settle_deliveries.ids::text[];
  attempts integer[] := settle_deliveries.attempts::integer[];
  tokens bigint[] := settle_deliveries.tokens::bigint[];
  statuses text[] := settle_deliveries.statuses::text[];
  retries bigint[] := settle_deliveries.retries::bigint[];
  deferrals boolean[] := settle_deliveries.deferrals::boolean[];
  reasons text[] := settle_deliveries.reasons::text[];
  http_statuses integer[] := settle_deliveries.http_statuses::integer[];
  log_places integer[] := settle_deliveries.log_places::integer[];
  numbers integer[] := settle_deliveries.numbers::integer[];
  started bigint[] := settle_deliveries.started::bigint[];
  durations integer[] := settle_deliveries.durations::integer[];
  outcomes text[] := settle_deliveries.outcomes::text[];
  answers integer[] := settle_deliveries.answers::integer[];
  request_headers text[] := settle_deliveries.request_headers::text[];
  response_headers text[] := settle_deliveries.response_headers::text[];
  truncated boolean[] := settle_deliveries.truncated::boolean[];
  codes text[] := settle_deliveries.codes::text[];
  messages text[] := settle_deliveries.messages::text[];
  duplicates boolean[] := settle_deliveries.duplicates::boolean[];
  fresh_sockets boolean[] := settle_deliveries.fresh_sockets::boolean[];
  starts integer[] := settle_deliveries.starts::integer[];
  lengths integer[] := settle_deliveries.lengths::integer[];
  now_ms bigint := posthorn.now_ms();
  left_over integer[];
  applied integer[] := '{}';
  is_whole boolean;
  done integer[];
  ended jsonb;
BEGIN
  FOR round IN 1..2 LOOP
    -- A row that is changed by another just now is not waited for, and not found: it is looked at once more.
    WITH gone AS (
      DELETE FROM posthorn.queue q USING (
        SELECT l.t, g.place, g.token, g.status, g.reason, g.http_status
        FROM unnest(tenants, ids, attempts, tokens, statuses, reasons, http_statuses) WITH ORDINALITY
          AS g(tenant, id, attempt, token, status, reason, http_status, place)
        CROSS JOIN LATERAL (
          SELECT q.ctid AS t FROM posthorn.queue q
          WHERE q.tenant_id = g.tenant AND q.id = g.id AND q.token = g.token AND q.attempt = g.attempt OFFSET 0) l
        WHERE g.status <> 'pending' AND (round = 1 OR g.place = ANY (left_over))
      ) f WHERE q.ctid = f.t AND q.token = f.token
      RETURNING q.*, f.place, f.status, f.reason, f.http_status
    ), logged AS (
      INSERT INTO posthorn.deliveries
        (tenant_id, id, endpoint_id, event_id, seq, status, reason, attempt, lost, solo_lost, deferred, last_status, message_id, replay_of,
         created_at, finished_at)
      SELECT tenant_id, id, endpoint_id, event_id, seq, status, reason, attempt, lost, solo_lost, deferred, coalesce(http_status, last_status),
        message_id, replay_of, created_at, now_ms
      FROM gone
    )
    SELECT array_agg(place), jsonb_agg(jsonb_build_object('lane', lane, 'key', order_key, 'tenantId', tenant_id, 'eventId', event_id,
      'id', id, 'position', "position", 'seq', seq, 'failed', status = 'failed')) FILTER (WHERE order_key IS NOT NULL)
    INTO done, ended FROM gone;
    IF ended IS NOT NULL THEN PERFORM posthorn.end_lines(ended); END IF;
    applied := applied || done;

    IF 'pending' = ANY (statuses) THEN
      WITH kept AS (
        UPDATE posthorn.queue q SET due_at = now_ms + f.retry, leased_until = 0, token = NULL, solo = false,
          deferred = q.deferred + f.deferral::integer, last_status = coalesce(f.http_status, q.last_status)
        FROM (
          SELECT l.t, g.place, g.token, g.retry, g.deferral, g.http_status
          FROM unnest(tenants, ids, attempts, tokens, statuses, retries, deferrals, http_statuses) WITH ORDINALITY
            AS g(tenant, id, attempt, token, status, retry, deferral, http_status, place)
          CROSS JOIN LATERAL (
            SELECT q.ctid AS t FROM posthorn.queue q
            WHERE q.tenant_id = g.tenant AND q.id = g.id AND q.token = g.token AND q.attempt = g.attempt OFFSET 0) l
          WHERE g.status = 'pending' AND (round = 1 OR g.place = ANY (left_over))
        ) f WHERE q.ctid = f.t AND q.token = f.token
        RETURNING f.place
      )
      SELECT array_agg(place) INTO done FROM kept;
      applied := applied || done;
    END IF;

    EXIT WHEN cardinality(applied) = cardinality(ids);
    EXIT WHEN round = 2;
    left_over := ARRAY(SELECT p FROM generate_series(1, cardinality(ids)) AS p WHERE p <> ALL (applied));
    PERFORM 1 FROM unnest(left_over) AS p(place) CROSS JOIN LATERAL (
      SELECT 1 FROM posthorn.queue q WHERE q.tenant_id = tenants[p.place] AND q.id = ids[p.place] AND q.token = tokens[p.place]
      FOR UPDATE OFFSET 0) l;
    EXIT WHEN NOT FOUND;
  END LOOP;

  -- What was stale may be a repetition, and of two at once the second sees what the first logged.
  is_whole := cardinality(applied) = cardinality(ids);
  IF NOT is_whole THEN PERFORM pg_advisory_xact_lock(hashtext('posthorn'), -2); END IF;
  INSERT INTO posthorn.attempts
    (tenant_id, delivery_id, number, started_at, duration_ms, outcome, status, request_headers, response_headers, response_truncated,
     error_code, error_message, duplicate, fresh_socket, response_body)
  SELECT tenants[l.place], ids[l.place], l.number, l.started, l.duration, l.outcome, l.status, l.request_headers, l.response_headers, l.truncated,
    l.code, l.message, l.duplicate, l.fresh_socket, substring(bytes FROM l.start FOR l.length)
  FROM unnest(log_places, numbers, started, durations, outcomes, answers, request_headers, response_headers, truncated, codes, messages, duplicates,
    fresh_sockets, starts, lengths)
    AS l(place, number, started, duration, outcome, status, request_headers, response_headers, truncated, code, message, duplicate, fresh_socket,
      start, length)
  WHERE is_whole OR l.place = ANY (applied) OR posthorn.is_unlogged(tenants[l.place], ids[l.place], l.number, l.started);
  RETURN array_to_json(applied)::text;
END $$;

-- One row for each lease, in the order of tenants and ids → [place extended], from 1.
CREATE FUNCTION posthorn.extend_leases(tenants text, ids text, attempts text, tokens text, lease_ms text)
RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  tenants text[] := extend_leases.tenants::text[];
  ids text[] := extend_leases.ids::text[];
  attempts integer[] := extend_leases.attempts::integer[];
  tokens bigint[] := extend_leases.tokens::bigint[];
  lease_ms bigint := extend_leases.lease_ms::bigint;
  now_ms bigint := posthorn.now_ms();
  places bigint[];
BEGIN
  WITH found AS MATERIALIZED (
    SELECT g.place, l.t FROM unnest(tenants, ids, attempts, tokens) WITH ORDINALITY AS g(tenant, id, attempt, token, place)
    CROSS JOIN LATERAL (
      SELECT q.ctid AS t FROM posthorn.queue q
      WHERE q.tenant_id = g.tenant AND q.id = g.id AND q.token = g.token AND q.attempt = g.attempt AND q.leased_until > now_ms
      FOR UPDATE OFFSET 0
    ) l
  ), extended AS (
    UPDATE posthorn.queue q SET leased_until = greatest(q.leased_until, now_ms + lease_ms)
    FROM found f WHERE q.ctid = f.t RETURNING f.place
  )
  SELECT coalesce(array_agg(place), '{}') INTO places FROM extended;
  RETURN array_to_json(places)::text;
END $$;

-- One row for each lease, in the order of tenants and ids.
CREATE FUNCTION posthorn.release_leases(tenants text, ids text, attempts text, tokens text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  tenants text[] := release_leases.tenants::text[];
  ids text[] := release_leases.ids::text[];
  attempts integer[] := release_leases.attempts::integer[];
  tokens bigint[] := release_leases.tokens::bigint[];
BEGIN
  UPDATE posthorn.queue q SET leased_until = 0, token = NULL, solo = false, attempt = q.attempt - 1
  FROM unnest(tenants, ids, attempts, tokens) AS g(tenant, id, attempt, token)
  WHERE q.tenant_id = g.tenant AND q.id = g.id AND q.token = g.token AND q.attempt = g.attempt;
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

-- One row for each redelivery → verdicts, in the same order. `bytes` holds the bodies that are given.
CREATE FUNCTION posthorn.redeliver(
  tenants text, ids text, events text, endpoints text, renewed text, envelopes text, replays text,
  starts text, lengths text, ascii text, bytes bytea
) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  tenants text[] := redeliver.tenants::text[];
  ids text[] := redeliver.ids::text[];
  events text[] := redeliver.events::text[];
  endpoints text[] := redeliver.endpoints::text[];
  renewed boolean[] := redeliver.renewed::boolean[];
  envelopes text[] := redeliver.envelopes::text[];
  replays text[] := redeliver.replays::text[];
  starts integer[] := redeliver.starts::integer[];
  lengths integer[] := redeliver.lengths::integer[];
  ascii boolean[] := redeliver.ascii::boolean[];
  now_ms bigint := posthorn.now_ms();
  verdicts text[] := '{}';
BEGIN
  PERFORM posthorn.assert_read_committed();
  -- The events are locked in one order: of two replays of one event the second sees the first.
  PERFORM 1 FROM (SELECT DISTINCT g.tenant, g.event FROM unnest(tenants, events) AS g(tenant, event) ORDER BY 1, 2) g
  CROSS JOIN LATERAL (
    SELECT 1 FROM posthorn.events v WHERE v.tenant_id = g.tenant AND v.id = g.event FOR NO KEY UPDATE OFFSET 0
  ) l;
  FOR place IN 1..cardinality(ids) LOOP
    verdicts := verdicts || posthorn.redeliver_one(tenants[place], ids[place], events[place], endpoints[place], renewed[place],
      envelopes[place], replays[place], substring(bytes FROM starts[place] FOR lengths[place]), ascii[place], now_ms);
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
  PERFORM 1 FROM posthorn.queue q WHERE q.tenant_id = v.tenant_id AND q.event_id = v.id AND q.endpoint_id = e.id;
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
