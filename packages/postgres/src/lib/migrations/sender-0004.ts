// Written by scripts/embed-migrations.mjs from migrations/sender/0004_leases.sql.
export const name = '0004_leases'

export const sql = `-- Sender, version 1: what becomes of leases.

-- Finishes deliveries that are locked already: out of the queue, into the log, and out of their lines.
-- [{ tenantId, id, status, reason, httpStatus }]
CREATE FUNCTION posthorn.finish(items jsonb, now_ms bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  ended jsonb;
BEGIN
  WITH gone AS (
    DELETE FROM posthorn.queue q USING jsonb_to_recordset(items) AS i("tenantId" text, id text, status text, reason text, "httpStatus" integer)
    WHERE q.tenant_id = i."tenantId" AND q.id = i.id
    RETURNING q.*, i.status, i.reason, i."httpStatus" AS http_status
  ), logged AS (
    INSERT INTO posthorn.deliveries
      (tenant_id, id, endpoint_id, event_id, seq, status, reason, attempt, lost, solo_lost, deferred, last_status, message_id, replay_of,
       created_at, finished_at)
    SELECT tenant_id, id, endpoint_id, event_id, seq, status, reason, attempt, lost, solo_lost, deferred, coalesce(http_status, last_status),
      message_id, replay_of, created_at, now_ms
    FROM gone
  )
  SELECT jsonb_agg(jsonb_build_object('lane', lane, 'key', order_key, 'tenantId', tenant_id, 'eventId', event_id, 'id', id,
    'position', "position", 'seq', seq, 'failed', status = 'failed'))
  INTO ended FROM gone WHERE order_key IS NOT NULL;
  IF ended IS NULL THEN RETURN; END IF;

  DELETE FROM posthorn.blocked b
  USING jsonb_to_recordset(ended) AS d(lane bigint, key text, "eventId" text, failed boolean)
  WHERE b.lane = d.lane AND b.order_key = d.key AND b.event_id = d."eventId" AND NOT d.failed;

  INSERT INTO posthorn.blocked AS b (lane, order_key, tenant_id, event_id, delivery_id, "position")
  SELECT d.lane, d.key, d."tenantId", d."eventId", d.id, d.position
  FROM jsonb_to_recordset(ended) AS d(lane bigint, key text, "tenantId" text, "eventId" text, id text, "position" bigint, seq bigint, failed boolean)
  JOIN posthorn.endpoints e ON e.lane = d.lane AND e.ordered = 'block' AND e.status <> 'disabled'
  WHERE d.failed AND NOT EXISTS (
    SELECT 1 FROM posthorn.queue q
    WHERE q.lane = d.lane AND q.order_key = d.key AND (q."position", q.seq) < (d.position, d.seq))
  ON CONFLICT (lane, order_key) DO UPDATE SET
    tenant_id = excluded.tenant_id, event_id = excluded.event_id, delivery_id = excluded.delivery_id, "position" = excluded."position";
END $$;

-- [{ tenantId, id, attempt, token, status, retryInMs, deferred, reason, httpStatus, log }] → [applied], in the same order.
-- \`log\`: the attempt that was made, if one was.
CREATE FUNCTION posthorn.settle_deliveries(request text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  items jsonb := request::jsonb;
  now_ms bigint := posthorn.now_ms();
  held jsonb;
  places bigint[];
BEGIN
  -- Locked in one order, so that two batches never wait for each other in a circle.
  PERFORM 1 FROM (
    SELECT i->>'tenantId' AS tenant_id, i->>'id' AS id FROM jsonb_array_elements(items) AS i ORDER BY 1, 2
  ) g CROSS JOIN LATERAL (
    SELECT 1 FROM posthorn.queue q WHERE q.tenant_id = g.tenant_id AND q.id = g.id FOR UPDATE OFFSET 0
  ) l;

  now_ms := posthorn.now_ms();
  SELECT coalesce(jsonb_agg(h.i), '[]'), coalesce(array_agg(h.place), '{}') INTO held, places FROM (
    SELECT DISTINCT ON (q.tenant_id, q.id) a.i, a.place
    FROM jsonb_array_elements(items) WITH ORDINALITY AS a(i, place)
    JOIN posthorn.queue q ON q.tenant_id = a.i->>'tenantId' AND q.id = a.i->>'id'
    WHERE q.token::text = a.i->>'token' AND q.attempt = (a.i->>'attempt')::integer
    ORDER BY q.tenant_id, q.id, a.place
  ) h;

  INSERT INTO posthorn.attempts
    (tenant_id, delivery_id, number, started_at, duration_ms, outcome, status, request_headers, response_headers, response_truncated,
     error_code, error_message, duplicate, fresh_socket, response_body)
  SELECT i->>'tenantId', i->>'id', l.number, l."startedAt", l."durationMs", l.outcome, l.status, l."requestHeaders", l."responseHeaders",
    l."responseTruncated", l."errorCode", l."errorMessage", l.duplicate, l."freshSocket", decode(l."responseBody", 'hex')
  FROM jsonb_array_elements(items) AS i
  CROSS JOIN LATERAL jsonb_to_record(i->'log') AS l(number integer, "startedAt" bigint, "durationMs" integer, outcome text, status integer,
    "requestHeaders" text, "responseHeaders" text, "responseTruncated" boolean, "errorCode" text, "errorMessage" text, duplicate boolean,
    "freshSocket" boolean, "responseBody" text)
  WHERE jsonb_typeof(i->'log') = 'object' AND (
    EXISTS (SELECT 1 FROM posthorn.queue q WHERE q.tenant_id = i->>'tenantId' AND q.id = i->>'id')
    OR EXISTS (SELECT 1 FROM posthorn.deliveries d WHERE d.tenant_id = i->>'tenantId' AND d.id = i->>'id'))
  ON CONFLICT DO NOTHING;

  UPDATE posthorn.queue q SET
    due_at = now_ms + round((i->>'retryInMs')::numeric)::bigint,
    leased_until = 0, token = NULL, solo = false,
    deferred = q.deferred + (i->>'deferred')::boolean::integer,
    last_status = coalesce((i->>'httpStatus')::integer, q.last_status)
  FROM jsonb_array_elements(held) AS i
  WHERE q.tenant_id = i->>'tenantId' AND q.id = i->>'id' AND i->>'status' = 'pending';

  PERFORM posthorn.finish((SELECT coalesce(jsonb_agg(i), '[]') FROM jsonb_array_elements(held) AS i WHERE i->>'status' <> 'pending'), now_ms);

  RETURN (SELECT coalesce(json_agg(place = ANY (places) ORDER BY place), '[]') FROM generate_series(1, jsonb_array_length(items)) AS place)::text;
END $$;

-- { leaseMs, leases: [{ tenantId, id, attempt, token }] } → [extended], in the same order.
CREATE FUNCTION posthorn.extend_leases(request text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  terms jsonb := request::jsonb;
  now_ms bigint := posthorn.now_ms();
  places bigint[];
BEGIN
  WITH found AS MATERIALIZED (
    SELECT a.place, l.t FROM jsonb_array_elements(terms->'leases') WITH ORDINALITY AS a(i, place)
    CROSS JOIN LATERAL (
      SELECT q.ctid AS t FROM posthorn.queue q
      WHERE q.tenant_id = i->>'tenantId' AND q.id = i->>'id' AND q.token::text = i->>'token' AND q.attempt = (i->>'attempt')::integer
        AND q.leased_until > now_ms
      FOR UPDATE OFFSET 0
    ) l
  ), extended AS (
    UPDATE posthorn.queue q SET leased_until = greatest(q.leased_until, now_ms + round((terms->>'leaseMs')::numeric)::bigint)
    FROM found f WHERE q.ctid = f.t RETURNING f.place
  )
  SELECT coalesce(array_agg(place), '{}') INTO places FROM extended;
  RETURN (SELECT coalesce(json_agg(place = ANY (places) ORDER BY place), '[]')
    FROM generate_series(1, jsonb_array_length(terms->'leases')) AS place)::text;
END $$;

-- [{ tenantId, id, attempt, token }]
CREATE FUNCTION posthorn.release_leases(request text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
  UPDATE posthorn.queue q SET leased_until = 0, token = NULL, solo = false, attempt = q.attempt - 1
  FROM (SELECT DISTINCT i FROM jsonb_array_elements(request::jsonb) AS i) g
  WHERE q.tenant_id = i->>'tenantId' AND q.id = i->>'id' AND q.token::text = i->>'token' AND q.attempt = (i->>'attempt')::integer;
  RETURN '';
END $$;

-- → canceled, finished or not_found
CREATE FUNCTION posthorn.cancel_delivery(of_tenant text, delivery text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  now_ms bigint := posthorn.now_ms();
BEGIN
  PERFORM 1 FROM posthorn.queue q WHERE q.tenant_id = of_tenant AND q.id = delivery FOR UPDATE;
  IF FOUND THEN
    PERFORM posthorn.finish(jsonb_build_array(jsonb_build_object('tenantId', of_tenant, 'id', delivery, 'status', 'canceled')), now_ms);
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

-- [{ tenantId, id, eventId, endpointId, as, envelope, body (hex), replayOf }] → verdicts, in the same order.
CREATE FUNCTION posthorn.redeliver(request text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  now_ms bigint := posthorn.now_ms();
  item jsonb;
  verdicts text[] := '{}';
BEGIN
  -- The events are locked in one order: of two replays of one event the second sees the first.
  PERFORM 1 FROM (
    SELECT DISTINCT i->>'tenantId' AS tenant_id, i->>'eventId' AS id FROM jsonb_array_elements(request::jsonb) AS i ORDER BY 1, 2
  ) g CROSS JOIN LATERAL (
    SELECT 1 FROM posthorn.events v WHERE v.tenant_id = g.tenant_id AND v.id = g.id FOR NO KEY UPDATE OFFSET 0
  ) l;
  FOR item IN SELECT a.i FROM jsonb_array_elements(request::jsonb) WITH ORDINALITY AS a(i, place) ORDER BY a.place LOOP
    verdicts := verdicts || posthorn.redeliver_one(item, now_ms);
  END LOOP;
  RETURN array_to_json(verdicts)::text;
END $$;

CREATE FUNCTION posthorn.redeliver_one(item jsonb, now_ms bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v posthorn.events;
  e posthorn.endpoints;
  place bigint;
  message text;
BEGIN
  SELECT * INTO v FROM posthorn.events k WHERE k.tenant_id = item->>'tenantId' AND k.id = item->>'eventId';
  IF v.id IS NULL THEN RETURN 'event_not_found'; END IF;
  SELECT * INTO e FROM posthorn.endpoints k WHERE k.tenant_id = item->>'tenantId' AND k.id = item->>'endpointId';
  IF e.id IS NULL THEN RETURN 'endpoint_not_found'; END IF;
  PERFORM 1 FROM posthorn.queue q WHERE q.tenant_id = v.tenant_id AND q.event_id = v.id AND q.endpoint_id = e.id;
  IF FOUND THEN RETURN 'pending'; END IF;
  IF v.body IS NULL THEN RETURN 'payload_pruned'; END IF;
  IF item->>'envelope' IS NOT NULL THEN
    INSERT INTO posthorn.bodies (tenant_id, event_id, envelope, body)
    SELECT v.tenant_id, v.id, item->>'envelope', decode(item->>'body', 'hex') WHERE item->>'body' IS NOT NULL
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM posthorn.bodies b WHERE b.tenant_id = v.tenant_id AND b.event_id = v.id AND b.envelope = item->>'envelope';
    IF NOT FOUND THEN RETURN 'payload_pruned'; END IF;
  END IF;
  message := v.id;
  IF item->>'as' = 'new' THEN
    UPDATE posthorn.events k SET renewals = k.renewals + 1 WHERE k.tenant_id = v.tenant_id AND k.id = v.id
    RETURNING k.id || '-r' || k.renewals INTO message;
  END IF;
  place := nextval('posthorn.positions');
  INSERT INTO posthorn.queue
    (tenant_id, id, lane, endpoint_id, event_id, seq, "position", order_key, due_at, message_id, envelope, replay_of, created_at)
  VALUES (v.tenant_id, item->>'id', e.lane, e.id, v.id, place,
    coalesce((SELECT b."position" FROM posthorn.blocked b WHERE b.lane = e.lane AND b.order_key = v.ordering_key AND b.event_id = v.id), place),
    v.ordering_key, now_ms, message, item->>'envelope', item->>'replayOf', now_ms);
  RETURN 'created';
END $$;
`
