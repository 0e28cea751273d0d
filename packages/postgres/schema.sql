CREATE SEQUENCE posthorn.lanes;

CREATE SEQUENCE posthorn.positions;

CREATE SEQUENCE posthorn.tokens;

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
  response_body bytea,
  CONSTRAINT attempts_pkey PRIMARY KEY (tenant_id, delivery_id, number, started_at)
) PARTITION BY RANGE (started_at);

CREATE TABLE posthorn.attempts_other PARTITION OF posthorn.attempts DEFAULT;

CREATE TABLE posthorn.blocked (
  lane bigint NOT NULL,
  order_key text COLLATE "C" NOT NULL,
  tenant_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  delivery_id text COLLATE "C" NOT NULL,
  "position" bigint NOT NULL,
  CONSTRAINT blocked_pkey PRIMARY KEY (lane, order_key)
);

CREATE TABLE posthorn.bodies (
  tenant_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  envelope text COLLATE "C" NOT NULL,
  body bytea NOT NULL,
  CONSTRAINT bodies_pkey PRIMARY KEY (tenant_id, event_id, envelope)
);

CREATE TABLE posthorn.claims (
  key bytea NOT NULL,
  source text NOT NULL,
  id text NOT NULL,
  fingerprint text NOT NULL,
  token text,
  until bigint NOT NULL,
  CONSTRAINT claims_pkey PRIMARY KEY (key)
);

CREATE TABLE posthorn.deliveries (
  tenant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  endpoint_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  status text NOT NULL,
  reason text,
  attempt integer NOT NULL,
  lost integer NOT NULL,
  solo_lost integer NOT NULL,
  deferred integer NOT NULL,
  last_status integer,
  message_id text NOT NULL,
  replay_of text,
  created_at bigint NOT NULL,
  finished_at bigint NOT NULL,
  CONSTRAINT deliveries_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT deliveries_status_check CHECK ((status = ANY (ARRAY['succeeded'::text, 'failed'::text, 'skipped'::text, 'canceled'::text])))
);

CREATE TABLE posthorn.endpoints (
  tenant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  lane bigint NOT NULL,
  revision integer NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  url text NOT NULL,
  status text NOT NULL,
  disabled_reason text,
  failing_since bigint,
  probe_at bigint,
  throttled_until bigint,
  ordered text,
  rate_limit integer,
  rate_per_ms double precision,
  settings text NOT NULL,
  CONSTRAINT endpoints_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT endpoints_ordered_check CHECK ((ordered = ANY (ARRAY['block'::text, 'proceed'::text]))),
  CONSTRAINT endpoints_status_check CHECK ((status = ANY (ARRAY['enabled'::text, 'paused'::text, 'disabled'::text])))
) WITH (fillfactor=70);

CREATE TABLE posthorn.events (
  tenant_id text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  type text NOT NULL,
  version integer NOT NULL,
  "timestamp" bigint NOT NULL,
  recorded_at bigint NOT NULL,
  state text NOT NULL,
  issues text,
  idempotency_key text COLLATE "C",
  ordering_key text COLLATE "C",
  metadata text NOT NULL,
  wanted integer NOT NULL,
  renewals integer NOT NULL DEFAULT 0,
  body bytea,
  writer bigint NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint,
  CONSTRAINT events_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT events_state_check CHECK ((state = ANY (ARRAY['recorded'::text, 'fanned_out'::text, 'invalid'::text])))
);

CREATE TABLE posthorn.inbox (
  key bytea NOT NULL,
  source text NOT NULL,
  id text NOT NULL,
  fingerprint text NOT NULL,
  type text NOT NULL,
  body bytea NOT NULL,
  facts text NOT NULL,
  received_at bigint NOT NULL,
  CONSTRAINT inbox_pkey PRIMARY KEY (key)
);

CREATE TABLE posthorn.inbox_tasks (
  key bytea NOT NULL,
  handler text NOT NULL,
  state text NOT NULL DEFAULT 'pending'::text,
  at bigint NOT NULL,
  token text,
  attempts integer NOT NULL DEFAULT 0,
  reason text,
  code text,
  CONSTRAINT inbox_tasks_pkey PRIMARY KEY (key, handler),
  CONSTRAINT inbox_tasks_key_fkey FOREIGN KEY (key) REFERENCES posthorn.inbox(key) ON DELETE CASCADE
);

CREATE TABLE posthorn.last_versions (
  id bytea NOT NULL,
  source text NOT NULL,
  key text NOT NULL,
  version text COLLATE "C" NOT NULL,
  raised_at bigint NOT NULL,
  CONSTRAINT last_versions_pkey PRIMARY KEY (id)
) WITH (fillfactor=80);

CREATE TABLE posthorn.migrations (
  part text NOT NULL,
  version integer NOT NULL,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT migrations_pkey PRIMARY KEY (part, version)
);

CREATE TABLE posthorn.paces (
  lane bigint NOT NULL,
  due double precision NOT NULL,
  CONSTRAINT paces_pkey PRIMARY KEY (lane)
) WITH (fillfactor=30);

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
  message_id text NOT NULL,
  envelope text COLLATE "C",
  replay_of text,
  created_at bigint NOT NULL,
  CONSTRAINT queue_pkey PRIMARY KEY (tenant_id, id)
) WITH (fillfactor=70, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=1000, autovacuum_vacuum_cost_delay=0);

CREATE TABLE posthorn.unmatched (
  tenant_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  ordering_key text COLLATE "C",
  horizon bigint NOT NULL,
  leased_until bigint NOT NULL DEFAULT 0,
  token bigint,
  unchecked boolean NOT NULL DEFAULT false,
  CONSTRAINT unmatched_pkey PRIMARY KEY (tenant_id, event_id)
) WITH (fillfactor=70, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=1000);

CREATE INDEX attempts_time ON ONLY posthorn.attempts USING btree (started_at);

CREATE INDEX blocked_delivery ON posthorn.blocked USING btree (tenant_id, delivery_id);

CREATE INDEX blocked_event ON posthorn.blocked USING btree (tenant_id, event_id);

CREATE INDEX claims_until ON posthorn.claims USING btree (until);

CREATE INDEX deliveries_endpoint ON posthorn.deliveries USING btree (tenant_id, endpoint_id, created_at, seq);

CREATE INDEX deliveries_event ON posthorn.deliveries USING btree (tenant_id, event_id);

CREATE INDEX deliveries_finished ON posthorn.deliveries USING btree (finished_at);

CREATE INDEX deliveries_log ON posthorn.deliveries USING btree (tenant_id, created_at, seq);

CREATE INDEX deliveries_unsent ON posthorn.deliveries USING btree (tenant_id, status, created_at, seq) WHERE (status <> 'succeeded'::text);

CREATE UNIQUE INDEX endpoints_lane ON posthorn.endpoints USING btree (lane);

CREATE INDEX endpoints_tenant ON posthorn.endpoints USING btree (tenant_id, lane);

CREATE UNIQUE INDEX events_key ON posthorn.events USING btree (tenant_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE INDEX events_log ON posthorn.events USING btree (tenant_id, recorded_at, seq);

CREATE INDEX events_pruned ON posthorn.events USING btree (recorded_at) WHERE (body IS NULL);

CREATE INDEX events_time ON posthorn.events USING btree (recorded_at, seq);

CREATE INDEX events_writer ON posthorn.events USING brin (writer) WITH (pages_per_range='16');

CREATE INDEX inbox_received ON posthorn.inbox USING btree (received_at);

CREATE INDEX inbox_tasks_dead ON posthorn.inbox_tasks USING btree (at, key, handler) WHERE (state = 'dead'::text);

CREATE INDEX inbox_tasks_pending ON posthorn.inbox_tasks USING btree (at) WHERE (state = 'pending'::text);

CREATE INDEX queue_event ON posthorn.queue USING btree (tenant_id, event_id);

CREATE INDEX queue_lane ON posthorn.queue USING btree (lane, due_at, seq);

CREATE INDEX queue_line ON posthorn.queue USING btree (lane, order_key, "position", seq) WHERE (order_key IS NOT NULL);

CREATE INDEX queue_log ON posthorn.queue USING btree (tenant_id, created_at, seq);

CREATE INDEX queue_suspects ON posthorn.queue USING btree (lane, due_at) WHERE (lost >= 1);

CREATE INDEX unmatched_key ON posthorn.unmatched USING btree (tenant_id, ordering_key, seq) WHERE (ordering_key IS NOT NULL);

CREATE INDEX unmatched_order ON posthorn.unmatched USING btree (seq);

CREATE OR REPLACE FUNCTION posthorn.adapt_lane(before posthorn.endpoints, after posthorn.endpoints)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF after.ordered IS DISTINCT FROM 'block' OR after.status = 'disabled' THEN
    DELETE FROM posthorn.blocked b WHERE b.lane = after.lane;
  END IF;
  IF (before.rate_limit, before.rate_per_ms) IS DISTINCT FROM (after.rate_limit, after.rate_per_ms) THEN
    DELETE FROM posthorn.paces p WHERE p.lane = after.lane;
  END IF;
END $function$;

CREATE OR REPLACE FUNCTION posthorn.add_deliveries(items jsonb, now_ms bigint)
 RETURNS void
 LANGUAGE sql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION posthorn.cancel_delivery(of_tenant text, delivery text)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.cancel_lane(of_lane bigint, now_ms bigint)
 RETURNS void
 LANGUAGE sql
AS $function$
  WITH gone AS (DELETE FROM posthorn.queue q WHERE q.lane = of_lane RETURNING q.*)
  INSERT INTO posthorn.deliveries
    (tenant_id, id, endpoint_id, event_id, seq, status, attempt, lost, solo_lost, deferred, last_status, message_id, replay_of, created_at, finished_at)
  SELECT tenant_id, id, endpoint_id, event_id, seq, 'canceled', attempt, lost, solo_lost, deferred, last_status, message_id, replay_of,
    created_at, now_ms
  FROM gone;
  DELETE FROM posthorn.blocked b WHERE b.lane = of_lane;
  DELETE FROM posthorn.paces p WHERE p.lane = of_lane;
$function$;

CREATE OR REPLACE FUNCTION posthorn.claim_deliveries(request text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.claim_events(request text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
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
    'body', encode(e.body, 'hex'), 'horizon', l.horizon, 'token', l.token::text, 'unchecked', l.unchecked) ORDER BY l.seq)
  INTO answer FROM leased l JOIN posthorn.events e ON e.tenant_id = l.tenant_id AND e.id = l.event_id;
  RETURN json_build_object('now', now_ms, 'events', coalesce(answer, '[]'))::text;
END $function$;

CREATE OR REPLACE FUNCTION posthorn.drop_partitions(before bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  part record;
  dropped bigint := 0;
BEGIN
  FOR part IN
    SELECT c.relname, c.reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'posthorn' AND c.relkind = 'r' AND c.relname ~ '^attempts_\d{8}$'
      AND (extract(epoch FROM to_date(substr(c.relname, 10), 'YYYYMMDD')) + 86400) * 1000 <= before
  LOOP
    EXECUTE format('DROP TABLE posthorn.%I', part.relname);
    dropped := dropped + greatest(part.reltuples, 0)::bigint;
  END LOOP;
  RETURN dropped;
END $function$;
REVOKE EXECUTE ON FUNCTION posthorn.drop_partitions(bigint) FROM PUBLIC;

CREATE OR REPLACE FUNCTION posthorn.extend_leases(request text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.fan_out_events(request text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.finish(items jsonb, now_ms bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.heads(of_lane bigint)
 RETURNS TABLE(t tid, head posthorn.queue)
 LANGUAGE sql
 STABLE
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION posthorn.insert_endpoint(request text)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
  i jsonb := request::jsonb;
  now_ms bigint := posthorn.now_ms();
  e posthorn.endpoints;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('posthorn'), -1);
  INSERT INTO posthorn.endpoints (tenant_id, id, lane, revision, created_at, updated_at, url, status, disabled_reason, failing_since, probe_at,
    throttled_until, ordered, rate_limit, rate_per_ms, settings)
  VALUES (i->>'tenantId', i->>'id', nextval('posthorn.lanes'), 1, now_ms, now_ms, i->>'url', i->>'status', i->>'disabledReason',
    (i->>'failingSince')::bigint, (i->>'probeAt')::bigint, (i->>'throttledUntil')::bigint, i->>'ordered', (i->>'rateLimit')::integer,
    (i->>'ratePerMs')::double precision, i->>'settings')
  RETURNING * INTO e;
  RETURN row_to_json(e)::text;
END $function$;

CREATE OR REPLACE FUNCTION posthorn.insert_events(request text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.is_suspect(q posthorn.queue)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
AS $function$ SELECT q.lost + (q.token IS NOT NULL)::integer >= 2 $function$;

CREATE OR REPLACE FUNCTION posthorn.lanes_waiting()
 RETURNS TABLE(lane bigint, due_at bigint)
 LANGUAGE sql
 STABLE
AS $function$
  WITH RECURSIVE r AS (
    (SELECT q.lane, q.due_at FROM posthorn.queue q ORDER BY q.lane, q.due_at LIMIT 1)
    UNION ALL
    SELECT n.lane, n.due_at FROM r CROSS JOIN LATERAL (
      SELECT q.lane, q.due_at FROM posthorn.queue q WHERE q.lane > r.lane ORDER BY q.lane, q.due_at LIMIT 1) n
  )
  SELECT r.lane, r.due_at FROM r
$function$;

CREATE OR REPLACE FUNCTION posthorn.lease_lane(e posthorn.endpoints, now_ms bigint, terms jsonb, quota integer)
 RETURNS text[]
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.make_partitions(days integer)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  today bigint := posthorn.now_ms() / 86400000;
  part text;
BEGIN
  FOR day IN today..today + days LOOP
    part := 'attempts_' || to_char(to_timestamp(day::bigint * 86400) AT TIME ZONE 'UTC', 'YYYYMMDD');
    CONTINUE WHEN EXISTS (
      SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'posthorn' AND c.relname = part);
    BEGIN
      EXECUTE format('CREATE TABLE posthorn.%I PARTITION OF posthorn.attempts FOR VALUES FROM (%s) TO (%s)',
        part, day::bigint * 86400000, (day + 1)::bigint * 86400000);
    EXCEPTION WHEN check_violation OR duplicate_table THEN NULL;
    END;
  END LOOP;
END $function$;
REVOKE EXECUTE ON FUNCTION posthorn.make_partitions(integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION posthorn.new_event_id(now_ms bigint)
 RETURNS text
 LANGUAGE sql
AS $function$
  WITH chance AS MATERIALIZED (
    SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) AS bytes
  )
  SELECT 'evt_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz',
    1 + (CASE WHEN n < 10 THEN now_ms >> (45 - 5 * n) ELSE get_byte(bytes, n - 10) END & 31)::integer, 1), '' ORDER BY n)
  FROM chance, generate_series(0, 25) AS n
$function$;

CREATE OR REPLACE FUNCTION posthorn.next_due_in()
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.now_ms()
 RETURNS bigint
 LANGUAGE sql
AS $function$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint $function$;

CREATE OR REPLACE FUNCTION posthorn.opens_at(e posthorn.endpoints)
 RETURNS double precision
 LANGUAGE sql
 STABLE
AS $function$
  SELECT CASE
    WHEN e.status = 'paused' THEN NULL
    WHEN e.status = 'disabled' THEN coalesce(e.throttled_until, 0)::double precision
    ELSE greatest(coalesce(e.throttled_until, 0)::double precision,
      CASE WHEN e.failing_since IS NOT NULL THEN coalesce(e.probe_at, 0) ELSE 0 END,
      CASE WHEN e.rate_limit IS NOT NULL THEN (
        SELECT p.due - floor(e.rate_limit / 20.0) * e.rate_per_ms / (e.rate_limit - floor(e.rate_limit / 20.0))
        FROM posthorn.paces p WHERE p.lane = e.lane) END)
  END
$function$;

CREATE OR REPLACE FUNCTION posthorn.prune(request text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET lock_timeout TO '2s'
AS $function$
DECLARE
  terms jsonb := request::jsonb;
  now_ms bigint := posthorn.now_ms();
  payloads_before bigint := now_ms - (terms->>'events')::bigint;
  before bigint := now_ms - (terms->>'attempts')::bigint;
  most integer := (terms->>'limit')::integer;
  payloads bigint := 0;
  attempts bigint := 0;
  deliveries bigint := 0;
  events bigint := 0;
BEGIN
  WITH old AS MATERIALIZED (
    SELECT v.tenant_id, v.id FROM posthorn.events v
    WHERE v.recorded_at < payloads_before AND v.body IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM posthorn.unmatched u WHERE u.tenant_id = v.tenant_id AND u.event_id = v.id)
      AND NOT EXISTS (SELECT 1 FROM posthorn.queue q WHERE q.tenant_id = v.tenant_id AND q.event_id = v.id)
      AND NOT EXISTS (SELECT 1 FROM posthorn.blocked b WHERE b.tenant_id = v.tenant_id AND b.event_id = v.id)
    ORDER BY v.recorded_at LIMIT most FOR UPDATE SKIP LOCKED
  ), other AS (
    DELETE FROM posthorn.bodies b USING old o WHERE b.tenant_id = o.tenant_id AND b.event_id = o.id
  ), dropped AS (
    UPDATE posthorn.events v SET body = NULL, idempotency_key = NULL FROM old o WHERE v.tenant_id = o.tenant_id AND v.id = o.id RETURNING 1
  )
  SELECT count(*) INTO payloads FROM dropped;
  IF before IS NULL THEN
    RETURN json_build_object('payloads', payloads, 'attempts', 0, 'deliveries', 0, 'events', 0)::text;
  END IF;

  PERFORM posthorn.make_partitions(3);
  attempts := posthorn.drop_partitions(before);
  IF attempts = 0 THEN
    WITH old AS MATERIALIZED (
      SELECT a.tenant_id, a.delivery_id, a.number, a.started_at FROM posthorn.attempts a
      WHERE a.started_at < before ORDER BY a.started_at LIMIT most
    ), dropped AS (
      DELETE FROM posthorn.attempts a USING old o
      WHERE a.tenant_id = o.tenant_id AND a.delivery_id = o.delivery_id AND a.number = o.number AND a.started_at = o.started_at RETURNING 1
    )
    SELECT count(*) INTO attempts FROM dropped;
  END IF;

  -- After their attempts, so that no call touches more than the limit of either.
  WITH old AS MATERIALIZED (
    SELECT d.tenant_id, d.id FROM posthorn.deliveries d
    WHERE d.finished_at < before
      AND NOT EXISTS (SELECT 1 FROM posthorn.attempts a WHERE a.tenant_id = d.tenant_id AND a.delivery_id = d.id)
      AND NOT EXISTS (SELECT 1 FROM posthorn.blocked b WHERE b.tenant_id = d.tenant_id AND b.delivery_id = d.id)
    ORDER BY d.finished_at LIMIT most FOR UPDATE SKIP LOCKED
  ), dropped AS (
    DELETE FROM posthorn.deliveries d USING old o WHERE d.tenant_id = o.tenant_id AND d.id = o.id RETURNING 1
  )
  SELECT count(*) INTO deliveries FROM dropped;

  WITH old AS MATERIALIZED (
    SELECT v.tenant_id, v.id FROM posthorn.events v
    WHERE v.body IS NULL AND v.recorded_at < before
      AND NOT EXISTS (SELECT 1 FROM posthorn.queue q WHERE q.tenant_id = v.tenant_id AND q.event_id = v.id)
      AND NOT EXISTS (SELECT 1 FROM posthorn.deliveries d WHERE d.tenant_id = v.tenant_id AND d.event_id = v.id)
    ORDER BY v.recorded_at LIMIT most FOR UPDATE SKIP LOCKED
  ), dropped AS (
    DELETE FROM posthorn.events v USING old o WHERE v.tenant_id = o.tenant_id AND v.id = o.id RETURNING 1
  )
  SELECT count(*) INTO events FROM dropped;
  RETURN json_build_object('payloads', payloads, 'attempts', attempts, 'deliveries', deliveries, 'events', events)::text;
END $function$;

CREATE OR REPLACE FUNCTION posthorn.redeliver(request text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.redeliver_one(item jsonb, now_ms bigint)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.release_leases(request text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
BEGIN
  UPDATE posthorn.queue q SET leased_until = 0, token = NULL, solo = false, attempt = q.attempt - 1
  FROM (SELECT DISTINCT i FROM jsonb_array_elements(request::jsonb) AS i) g
  WHERE q.tenant_id = i->>'tenantId' AND q.id = i->>'id' AND q.token::text = i->>'token' AND q.attempt = (i->>'attempt')::integer;
  RETURN '';
END $function$;

CREATE OR REPLACE FUNCTION posthorn.remove_endpoint(of_tenant text, endpoint text)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
  gone bigint;
BEGIN
  DELETE FROM posthorn.endpoints e WHERE e.tenant_id = of_tenant AND e.id = endpoint RETURNING e.lane INTO gone;
  IF gone IS NULL THEN RETURN 'false'; END IF;
  PERFORM posthorn.cancel_lane(gone, posthorn.now_ms());
  RETURN 'true';
END $function$;

CREATE OR REPLACE FUNCTION posthorn.replace_endpoint(request text)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
  i jsonb := request::jsonb;
  now_ms bigint;
  before posthorn.endpoints;
  after posthorn.endpoints;
BEGIN
  SELECT * INTO before FROM posthorn.endpoints e WHERE e.tenant_id = i->>'tenantId' AND e.id = i->>'id' FOR UPDATE;
  IF before.revision IS DISTINCT FROM (i->>'revision')::integer THEN RETURN NULL; END IF;
  now_ms := posthorn.now_ms();
  UPDATE posthorn.endpoints e SET revision = e.revision + 1, updated_at = now_ms, url = i->>'url', status = i->>'status',
    disabled_reason = i->>'disabledReason', failing_since = (i->>'failingSince')::bigint, probe_at = (i->>'probeAt')::bigint,
    throttled_until = (i->>'throttledUntil')::bigint, ordered = i->>'ordered', rate_limit = (i->>'rateLimit')::integer,
    rate_per_ms = (i->>'ratePerMs')::double precision, settings = i->>'settings'
  WHERE e.tenant_id = before.tenant_id AND e.id = before.id RETURNING * INTO after;
  PERFORM posthorn.adapt_lane(before, after);
  RETURN row_to_json(after)::text;
END $function$;

CREATE OR REPLACE FUNCTION posthorn.send(tenant text, type text, data jsonb, idempotency_key text DEFAULT NULL::text, ordering_key text DEFAULT NULL::text, metadata jsonb DEFAULT '{}'::jsonb, id text DEFAULT NULL::text, occurred_at timestamp with time zone DEFAULT NULL::timestamp with time zone, version integer DEFAULT 1)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  now_ms bigint := posthorn.now_ms();
  event_id text := coalesce(send.id, posthorn.new_event_id(now_ms));
  happened bigint := coalesce(floor(extract(epoch FROM occurred_at) * 1000)::bigint, now_ms);
  body text;
  answer jsonb;
BEGIN
  IF tenant IS NULL OR tenant !~ '^[!-~]{1,128}$' THEN
    RAISE EXCEPTION 'posthorn.send: tenant must be 1 to 128 printable ASCII characters without spaces' USING ERRCODE = '22023';
  ELSIF type IS NULL OR length(type) > 128 OR type !~ '^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$' THEN
    RAISE EXCEPTION 'posthorn.send: type must be segments of A-Z a-z 0-9 _ - joined by dots, at most 128 characters' USING ERRCODE = '22023';
  ELSIF event_id !~ '^[A-Za-z0-9_-]{1,100}$' THEN
    RAISE EXCEPTION 'posthorn.send: id must be 1 to 100 of A-Z a-z 0-9 _ -' USING ERRCODE = '22023';
  ELSIF data IS NULL THEN
    RAISE EXCEPTION 'posthorn.send: data must not be NULL; the JSON value null is ''null''' USING ERRCODE = '22023';
  ELSIF length(idempotency_key) NOT BETWEEN 1 AND 256 OR length(ordering_key) NOT BETWEEN 1 AND 256 THEN
    RAISE EXCEPTION 'posthorn.send: a key must be 1 to 256 characters' USING ERRCODE = '22023';
  ELSIF version IS NULL OR version NOT BETWEEN 1 AND 1000000 THEN
    RAISE EXCEPTION 'posthorn.send: version must be a whole number from 1' USING ERRCODE = '22023';
  ELSIF happened NOT BETWEEN 0 AND 253402300799999 THEN
    RAISE EXCEPTION 'posthorn.send: occurred_at must be between 1970 and 9999' USING ERRCODE = '22023';
  ELSIF metadata IS NULL OR jsonb_typeof(metadata) <> 'object' OR length(metadata::text) > 40000
    OR jsonb_path_exists(metadata, '$.* ? (@.type() != "string")') THEN
    RAISE EXCEPTION 'posthorn.send: metadata must be an object of short strings' USING ERRCODE = '22023';
  END IF;

  -- The canonical bytes: the standard envelope, where version 1 is left out.
  body := '{"id":"' || event_id || '","type":"' || type || '","timestamp":"'
    || to_char(to_timestamp(happened / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || '.' || lpad((happened % 1000)::text, 3, '0') || 'Z"'
    || CASE WHEN version = 1 THEN '' ELSE ',"version":' || version END || ',"data":' || data::text || '}';

  answer := posthorn.insert_events(jsonb_build_array(jsonb_build_object(
    'tenantId', tenant, 'id', event_id, 'type', type, 'version', version, 'timestamp', happened,
    'body', encode(convert_to(body, 'UTF8'), 'hex'), 'idempotencyKey', idempotency_key, 'orderingKey', ordering_key,
    'metadata', metadata::text, 'matched', false, 'wanted', 0, 'deliveries', '[]'::jsonb, 'bodies', '[]'::jsonb))::text)::jsonb -> 0;
  IF NOT (answer ->> 'duplicate')::boolean THEN
    UPDATE posthorn.unmatched u SET unchecked = true WHERE u.tenant_id = tenant AND u.event_id = answer ->> 'eventId';
  END IF;
  RETURN answer ->> 'eventId';
END $function$;
REVOKE EXECUTE ON FUNCTION posthorn.send(text,text,jsonb,text,text,jsonb,text,timestamp with time zone,integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION posthorn.settle_deliveries(request text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.suspicious_lanes(now_ms bigint)
 RETURNS SETOF bigint
 LANGUAGE sql
 STABLE
AS $function$
  SELECT DISTINCT q.lane FROM posthorn.queue q
  JOIN posthorn.endpoints e ON e.lane = q.lane
  WHERE q.lost >= 1 AND q.due_at <= now_ms AND q.leased_until <= now_ms AND posthorn.is_suspect(q) AND posthorn.opens_at(e) <= now_ms
    AND (q.order_key IS NULL OR e.ordered IS NULL OR e.status = 'disabled' OR EXISTS (SELECT 1 FROM posthorn.heads(q.lane) h WHERE (h.head).id = q.id))
$function$;

CREATE OR REPLACE FUNCTION posthorn.transition_endpoints(request text)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
  items jsonb := request::jsonb;
  i jsonb;
  turned boolean;
  answers boolean[] := '{}';
BEGIN
  PERFORM 1 FROM (SELECT DISTINCT g->>'tenantId' AS tenant_id, g->>'id' AS id FROM jsonb_array_elements(items) AS g ORDER BY 1, 2) g
  CROSS JOIN LATERAL (
    SELECT 1 FROM posthorn.endpoints e WHERE e.tenant_id = g.tenant_id AND e.id = g.id FOR UPDATE OFFSET 0) l;
  FOR i IN SELECT a.i FROM jsonb_array_elements(items) WITH ORDINALITY AS a(i, place) ORDER BY a.place LOOP
    answers := answers || posthorn.transition_one(i);
  END LOOP;
  RETURN array_to_json(answers)::text;
END $function$;

CREATE OR REPLACE FUNCTION posthorn.transition_one(i jsonb)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
DECLARE
  now_ms bigint := posthorn.now_ms();
  before posthorn.endpoints;
  after posthorn.endpoints;
  until bigint := now_ms + round((i->>'throttleForMs')::numeric)::bigint;
  probe bigint := now_ms + round((i->>'probeInMs')::numeric)::bigint;
BEGIN
  SELECT * INTO before FROM posthorn.endpoints e WHERE e.tenant_id = i->>'tenantId' AND e.id = i->>'id';
  IF before.id IS NULL OR before.url <> i->>'url' THEN RETURN false; END IF;
  IF i->>'failingSince' IS NOT NULL AND before.failing_since IS DISTINCT FROM (i->>'failingSince')::bigint THEN RETURN false; END IF;
  after := before;
  IF i->>'from' = 'healthy' AND i->>'to' = 'failing' AND before.failing_since IS NULL THEN
    after.failing_since := now_ms;
  ELSIF i->>'from' = 'failing' AND i->>'to' = 'healthy' AND before.failing_since IS NOT NULL THEN
    after.failing_since := NULL;
    after.probe_at := NULL;
  END IF;
  IF i->>'disable' IS NOT NULL AND before.status <> 'disabled' THEN
    after.status := 'disabled';
    after.disabled_reason := i->>'disable';
  END IF;
  IF until > coalesce(before.throttled_until, 0) THEN after.throttled_until := until; END IF;
  IF after.failing_since IS NOT NULL AND probe > coalesce(after.probe_at, 0) THEN after.probe_at := probe; END IF;
  IF after IS NOT DISTINCT FROM before THEN RETURN false; END IF;
  UPDATE posthorn.endpoints e SET revision = e.revision + 1, updated_at = now_ms, status = after.status, disabled_reason = after.disabled_reason,
    failing_since = after.failing_since, probe_at = after.probe_at, throttled_until = after.throttled_until
  WHERE e.tenant_id = before.tenant_id AND e.id = before.id;
  PERFORM posthorn.adapt_lane(before, after);
  RETURN after.failing_since IS DISTINCT FROM before.failing_since OR after.status <> before.status;
END $function$;
