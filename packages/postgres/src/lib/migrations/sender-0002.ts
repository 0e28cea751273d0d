// Written by scripts/embed-migrations.mjs from migrations/sender/0002_events.sql.
export const name = '0002_events'

export const sql = `-- Sender, version 1: events come in. Each function takes one JSON text and answers one, so that no host's type parsers matter.

CREATE FUNCTION posthorn.now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

-- Writes the deliveries of events that are there: due at once, unless skipped; born canceled when their endpoint is gone.
CREATE FUNCTION posthorn.add_deliveries(items jsonb, now_ms bigint) RETURNS void LANGUAGE sql AS $$
  WITH added AS MATERIALIZED (
    SELECT i->>'tenantId' AS tenant_id, i->>'id' AS event_id, v.seq AS position, v.ordering_key, d.*,
      e.lane, nextval('posthorn.positions') AS seq
    FROM jsonb_array_elements(items) WITH ORDINALITY AS a(i, place)
    CROSS JOIN LATERAL jsonb_to_recordset(i->'deliveries')
      AS d(id text, "endpointId" text, envelope text, status text, reason text)
    JOIN posthorn.events v ON v.tenant_id = i->>'tenantId' AND v.id = i->>'id'
    LEFT JOIN posthorn.endpoints e ON e.tenant_id = i->>'tenantId' AND e.id = d."endpointId"
    ORDER BY a.place
  ), waiting AS (
    INSERT INTO posthorn.queue
      (tenant_id, id, lane, endpoint_id, event_id, seq, "position", order_key, due_at, message_id, envelope, created_at)
    SELECT tenant_id, id, lane, "endpointId", event_id, seq, position, ordering_key, now_ms, event_id, envelope, now_ms
    FROM added WHERE status = 'pending' AND lane IS NOT NULL
  ), other AS (
    INSERT INTO posthorn.bodies (tenant_id, event_id, envelope, body)
    SELECT i->>'tenantId', i->>'id', b.envelope, decode(b.body, 'hex')
    FROM jsonb_array_elements(items) AS i
    CROSS JOIN LATERAL jsonb_to_recordset(i->'bodies') AS b(envelope text, body text)
    ON CONFLICT DO NOTHING
  )
  INSERT INTO posthorn.deliveries
    (tenant_id, id, endpoint_id, event_id, seq, status, reason, attempt, lost, solo_lost, deferred, message_id, created_at, finished_at)
  SELECT tenant_id, id, "endpointId", event_id, seq, CASE status WHEN 'skipped' THEN 'skipped' ELSE 'canceled' END, reason,
    0, 0, 0, 0, event_id, now_ms, now_ms
  FROM added WHERE status = 'skipped' OR lane IS NULL
$$;

-- [{ tenantId, id, type, version, timestamp, body (hex), idempotencyKey, orderingKey, metadata (text), matched, wanted, deliveries, bodies }]
-- → [{ eventId, duplicate, deliveries }], in the same order.
CREATE FUNCTION posthorn.insert_events(request text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  items jsonb := request::jsonb;
  now_ms bigint := posthorn.now_ms();
  fresh jsonb;
  places bigint[];
BEGIN
  -- Inserted in the order of their keys, so that two batches with the same ones wait for each other, and never in a circle.
  WITH given AS MATERIALIZED (
    SELECT a.i, a.place, nextval('posthorn.positions') AS seq
    FROM jsonb_array_elements(items) WITH ORDINALITY AS a(i, place)
  ), inserted AS (
    INSERT INTO posthorn.events
      (tenant_id, id, seq, type, version, "timestamp", recorded_at, state, idempotency_key, ordering_key, metadata, wanted, body)
    SELECT i->>'tenantId', i->>'id', seq, i->>'type', (i->>'version')::integer, (i->>'timestamp')::bigint, now_ms,
      CASE WHEN (i->>'matched')::boolean THEN 'fanned_out' ELSE 'recorded' END,
      i->>'idempotencyKey', i->>'orderingKey', i->>'metadata', (i->>'wanted')::integer, decode(i->>'body', 'hex')
    FROM given ORDER BY i->>'tenantId', coalesce(i->>'idempotencyKey', i->>'id'), place
    ON CONFLICT DO NOTHING
    RETURNING seq
  )
  SELECT coalesce(jsonb_agg(g.i - 'body' || jsonb_build_object('seq', g.seq) ORDER BY g.place), '[]'), coalesce(array_agg(g.place), '{}')
  INTO fresh, places FROM given g JOIN inserted USING (seq);

  INSERT INTO posthorn.unmatched (tenant_id, event_id, seq, ordering_key, horizon)
  SELECT i->>'tenantId', i->>'id', (i->>'seq')::bigint, i->>'orderingKey',
    coalesce((SELECT max(e.lane) FROM posthorn.endpoints e WHERE e.tenant_id = i->>'tenantId'), 0)
  FROM jsonb_array_elements(fresh) AS i WHERE NOT (i->>'matched')::boolean;

  PERFORM posthorn.add_deliveries(
    (SELECT coalesce(jsonb_agg(i ORDER BY (i->>'seq')::bigint), '[]')
     FROM jsonb_array_elements(fresh) AS i WHERE (i->>'matched')::boolean), now_ms);

  RETURN (
    SELECT coalesce(json_agg(json_build_object('eventId', v.id, 'duplicate', NOT (a.place = ANY (places)), 'deliveries', v.wanted) ORDER BY a.place), '[]')
    FROM jsonb_array_elements(items) WITH ORDINALITY AS a(i, place)
    CROSS JOIN LATERAL (
      SELECT known.* FROM (
        SELECT 0 AS rank, e.id, e.wanted, e.seq FROM posthorn.events e
        WHERE e.tenant_id = i->>'tenantId' AND e.idempotency_key = i->>'idempotencyKey'
        UNION ALL
        SELECT 1, e.id, e.wanted, e.seq FROM posthorn.events e WHERE e.tenant_id = i->>'tenantId' AND e.id = i->>'id'
      ) known ORDER BY rank LIMIT 1
    ) v
  )::text;
END $$;

-- { limit, leaseMs } → { now, events: [{ tenantId, id, type, version, body (hex), horizon, token }] }
CREATE FUNCTION posthorn.claim_events(request text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  terms jsonb := request::jsonb;
  now_ms bigint := posthorn.now_ms();
  answer json;
BEGIN
  WITH found AS MATERIALIZED (
    SELECT u.tenant_id, u.event_id FROM posthorn.unmatched u WHERE u.leased_until <= now_ms
    ORDER BY u.seq LIMIT (terms->>'limit')::integer FOR UPDATE SKIP LOCKED
  ), leased AS (
    UPDATE posthorn.unmatched u SET leased_until = now_ms + round((terms->>'leaseMs')::numeric)::bigint, token = nextval('posthorn.tokens')
    FROM found f WHERE u.tenant_id = f.tenant_id AND u.event_id = f.event_id
    RETURNING u.*
  )
  SELECT json_agg(json_build_object('tenantId', e.tenant_id, 'id', e.id, 'type', e.type, 'version', e.version,
    'body', encode(e.body, 'hex'), 'horizon', l.horizon, 'token', l.token::text) ORDER BY l.seq)
  INTO answer FROM leased l JOIN posthorn.events e ON e.tenant_id = l.tenant_id AND e.id = l.event_id;
  RETURN json_build_object('now', now_ms, 'events', coalesce(answer, '[]'))::text;
END $$;

-- [{ tenantId, id, token, state, issues (text), wanted, deliveries, bodies }] → how many were applied.
CREATE FUNCTION posthorn.fan_out_events(request text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  now_ms bigint := posthorn.now_ms();
  held jsonb;
BEGIN
  PERFORM 1 FROM posthorn.unmatched u
  JOIN (SELECT i->>'tenantId' AS tenant_id, i->>'id' AS id FROM jsonb_array_elements(request::jsonb) AS i) g
    ON u.tenant_id = g.tenant_id AND u.event_id = g.id
  ORDER BY u.seq FOR UPDATE OF u;

  WITH given AS (
    SELECT DISTINCT ON (i->>'tenantId', i->>'id', i->>'token') i FROM jsonb_array_elements(request::jsonb) AS i
  ), matched AS (
    DELETE FROM posthorn.unmatched u USING given g
    WHERE u.tenant_id = i->>'tenantId' AND u.event_id = i->>'id' AND u.token::text = i->>'token'
    RETURNING g.i, u.seq
  )
  SELECT coalesce(jsonb_agg(i ORDER BY seq), '[]') INTO held FROM matched;

  UPDATE posthorn.events e SET state = i->>'state', issues = i->>'issues', wanted = (i->>'wanted')::integer
  FROM jsonb_array_elements(held) AS i WHERE e.tenant_id = i->>'tenantId' AND e.id = i->>'id';

  PERFORM posthorn.add_deliveries(held, now_ms);
  RETURN jsonb_array_length(held)::text;
END $$;
`
