CREATE TYPE posthorn.claim_terms AS (
  first_lanes integer,
  slots integer,
  lease_ms bigint,
  per_endpoint bigint,
  failing_limit integer,
  probe_after_ms double precision,
  alone boolean,
  solo_after bigint
);

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
  response_body bytea
) PARTITION BY RANGE (started_at);

CREATE TABLE posthorn.attempts_other PARTITION OF posthorn.attempts DEFAULT;

CREATE TABLE posthorn.blocked (
  tenant_id text COLLATE "C" NOT NULL,
  lane bigint NOT NULL,
  order_key text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  delivery_id text COLLATE "C" NOT NULL,
  "position" bigint NOT NULL,
  CONSTRAINT blocked_pkey PRIMARY KEY (tenant_id, lane, order_key)
);

CREATE TABLE posthorn.bodies (
  tenant_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  envelope text COLLATE "C" NOT NULL,
  body bytea NOT NULL,
  ascii boolean NOT NULL,
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
  message_id text,
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
  ascii boolean NOT NULL,
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
  tenant_id text COLLATE "C" NOT NULL,
  lane bigint NOT NULL,
  due double precision NOT NULL,
  CONSTRAINT paces_pkey PRIMARY KEY (tenant_id, lane)
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
  message_id text,
  envelope text COLLATE "C",
  replay_of text,
  created_at bigint NOT NULL,
  CONSTRAINT queue_pkey PRIMARY KEY (tenant_id, id)
) WITH (fillfactor=45, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=1000, autovacuum_vacuum_cost_delay=0);

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

CREATE INDEX attempts_delivery ON ONLY posthorn.attempts USING btree (tenant_id, delivery_id);

CREATE INDEX attempts_time ON ONLY posthorn.attempts USING brin (started_at) WITH (pages_per_range='16');

CREATE INDEX blocked_delivery ON posthorn.blocked USING btree (tenant_id, delivery_id);

CREATE INDEX blocked_event ON posthorn.blocked USING btree (tenant_id, event_id);

CREATE INDEX claims_until ON posthorn.claims USING btree (until);

CREATE INDEX deliveries_endpoint ON posthorn.deliveries USING btree (tenant_id, endpoint_id, created_at, seq);

CREATE INDEX deliveries_event ON posthorn.deliveries USING btree (tenant_id, event_id);

CREATE INDEX deliveries_log ON posthorn.deliveries USING btree (tenant_id, created_at, seq);

CREATE INDEX deliveries_unsent ON posthorn.deliveries USING btree (tenant_id, status, created_at, seq) WHERE (status <> 'succeeded'::text);

CREATE INDEX endpoints_lane ON posthorn.endpoints USING btree (lane);

CREATE UNIQUE INDEX endpoints_tenant ON posthorn.endpoints USING btree (tenant_id, lane);

CREATE UNIQUE INDEX events_key ON posthorn.events USING btree (tenant_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE INDEX events_log ON posthorn.events USING btree (tenant_id, recorded_at, seq) WHERE (seq > 0);

CREATE INDEX events_pruned ON posthorn.events USING btree (recorded_at) WHERE (body IS NULL);

CREATE INDEX events_time ON posthorn.events USING btree (recorded_at, seq);

CREATE INDEX events_writer ON posthorn.events USING brin (writer) WITH (pages_per_range='16');

CREATE INDEX inbox_received ON posthorn.inbox USING btree (received_at);

CREATE INDEX inbox_tasks_dead ON posthorn.inbox_tasks USING btree (at, key, handler) WHERE (state = 'dead'::text);

CREATE INDEX inbox_tasks_pending ON posthorn.inbox_tasks USING btree (at) WHERE (state = 'pending'::text);

CREATE INDEX queue_event ON posthorn.queue USING btree (tenant_id, event_id) WHERE (created_at > 0);

CREATE INDEX queue_lane ON posthorn.queue USING btree (lane, due_at, seq);

CREATE INDEX queue_line ON posthorn.queue USING btree (lane, order_key, "position", seq) WHERE (order_key IS NOT NULL);

CREATE INDEX queue_log ON posthorn.queue USING btree (tenant_id, created_at, seq) WHERE (seq > 0);

CREATE INDEX queue_suspects ON posthorn.queue USING btree (lane, due_at) WHERE (lost >= 1);

CREATE INDEX unmatched_key ON posthorn.unmatched USING btree (tenant_id, ordering_key, seq) WHERE (ordering_key IS NOT NULL);

CREATE INDEX unmatched_order ON posthorn.unmatched USING btree (seq);

CREATE OR REPLACE FUNCTION posthorn.adapt_lane(before posthorn.endpoints, after posthorn.endpoints)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF after.ordered IS DISTINCT FROM 'block' OR after.status = 'disabled' THEN
    DELETE FROM posthorn.blocked b WHERE b.tenant_id = after.tenant_id AND b.lane = after.lane;
  END IF;
  IF (before.rate_limit, before.rate_per_ms) IS DISTINCT FROM (after.rate_limit, after.rate_per_ms) THEN
    DELETE FROM posthorn.paces p WHERE p.tenant_id = after.tenant_id AND p.lane = after.lane;
  END IF;
END $function$;

CREATE OR REPLACE FUNCTION posthorn.add_deliveries(events text[], seqs bigint[], deliveries text[], bodies text[], bytes bytea, now_ms bigint, tokens bigint[] DEFAULT NULL::bigint[], until bigint DEFAULT 0)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.assert_read_committed()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'The statements of this client run in % transactions. Give the store a client with default_transaction_isolation ''read committed''.',
      current_setting('transaction_isolation') USING ERRCODE = 'PH003';
  END IF;
END $function$;

CREATE OR REPLACE FUNCTION posthorn.cancel_delivery(of_tenant text, delivery text)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.cancel_lane(of_lane bigint, now_ms bigint)
 RETURNS void
 LANGUAGE sql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION posthorn.claim_deliveries(lanes text, quotas text, revisions text, terms text)
 RETURNS TABLE(cells text, body text, escaped text, note text)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
      SELECT concat(q.lane, E'\x1f', q.id, E'\x1f', q.token, E'\x1f', q.attempt, E'\x1f', q.event_id, E'\x1f', v.type, E'\x1f', q.message_id, E'\x1f',
          q.lost, E'\x1f', q.solo_lost, E'\x1f', q.deferred, E'\x1f', q.created_at, E'\x1f', v.metadata, E'\x1f', v.ordering_key),
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.claim_events(most text, lease_ms text)
 RETURNS TABLE(tenant text, id text, type text, version text, body text, escaped text, horizon text, token text, unchecked text, now text)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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

CREATE OR REPLACE FUNCTION posthorn.end_lines(ended jsonb)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.endpoints_of(of_tenant text, known text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
AS $function$
DECLARE
  mark text;
BEGIN
  SELECT m.mark INTO mark FROM posthorn.mark_of(of_tenant) AS m;
  IF mark = known THEN RETURN ''; END IF;
  RETURN json_build_object('mark', mark, 'endpoints', (
    SELECT coalesce(json_agg(row_to_json(e) ORDER BY e.lane), '[]') FROM posthorn.endpoints e WHERE e.tenant_id = of_tenant))::text;
END $function$;

CREATE OR REPLACE FUNCTION posthorn.extend_leases(leases text, lease_ms text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.fan_out_events(verdicts text, deliveries text, bodies text, bytes bytea)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.find_lanes()
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.heads(of_tenant text, of_lane bigint)
 RETURNS TABLE(t tid, head posthorn.queue)
 LANGUAGE plpgsql
 STABLE ROWS 10
AS $function$
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
END $function$;

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

CREATE OR REPLACE FUNCTION posthorn.insert_events(events text, deliveries text, bodies text, bytes bytea, recorded text, marks text, unchecked text DEFAULT 'false'::text, lease text DEFAULT NULL::text, lanes text DEFAULT NULL::text, wanted text DEFAULT NULL::text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.is_unlogged(of_tenant text, delivery text, attempt integer, started bigint)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
  SELECT (EXISTS (SELECT 1 FROM posthorn.queue q WHERE q.tenant_id = of_tenant AND q.id = delivery)
      OR EXISTS (SELECT 1 FROM posthorn.deliveries d WHERE d.tenant_id = of_tenant AND d.id = delivery))
    AND NOT EXISTS (
      SELECT 1 FROM posthorn.attempts a
      WHERE a.tenant_id = of_tenant AND a.delivery_id = delivery AND a.number = attempt AND a.started_at = started)
$function$;

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

CREATE OR REPLACE FUNCTION posthorn.look_at(e posthorn.endpoints, pace double precision, depth bigint, slack integer, terms posthorn.claim_terms, now_ms bigint, OUT free tid[], OUT ready integer, OUT had_lease boolean, OUT is_cut boolean)
 RETURNS record
 LANGUAGE plpgsql
AS $function$
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
      EXECUTE format('ALTER TABLE posthorn.%I REPLICA IDENTITY FULL', part);
    EXCEPTION WHEN check_violation OR duplicate_table THEN NULL;
    END;
  END LOOP;
END $function$;
REVOKE EXECUTE ON FUNCTION posthorn.make_partitions(integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION posthorn.mark_of(of_tenant text)
 RETURNS TABLE(mark text)
 LANGUAGE sql
 STABLE
AS $function$
  SELECT hashtextextended(coalesce(string_agg(e.lane || ' ' || e.revision || ' ' || e.xmin, ',' ORDER BY e.lane), ''), 0)::text
  FROM posthorn.endpoints e WHERE e.tenant_id = of_tenant
$function$;

CREATE OR REPLACE FUNCTION posthorn.may_have(e posthorn.endpoints, pace double precision, cap bigint, free bigint, held bigint, now_ms bigint)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
AS $function$
  SELECT least(free, greatest(0, cap - held), CASE WHEN e.status <> 'disabled' AND e.rate_limit IS NOT NULL THEN greatest(0,
    floor(floor(e.rate_limit / 20.0) - greatest(0, coalesce(pace, 0) - now_ms - 0.001)
      / (e.rate_per_ms / (e.rate_limit - floor(e.rate_limit / 20.0)))) + 1) END)::bigint
$function$;

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

CREATE OR REPLACE FUNCTION posthorn.now_ms()
 RETURNS bigint
 LANGUAGE sql
AS $function$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint $function$;

CREATE OR REPLACE FUNCTION posthorn.opens_at(e posthorn.endpoints, pace double precision)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE
AS $function$
  SELECT CASE
    WHEN e.status = 'paused' THEN NULL
    WHEN e.status = 'disabled' THEN coalesce(e.throttled_until, 0)::double precision
    ELSE greatest(coalesce(e.throttled_until, 0)::double precision,
      CASE WHEN e.failing_since IS NOT NULL THEN coalesce(e.probe_at, 0) ELSE 0 END,
      CASE WHEN e.rate_limit IS NOT NULL
        THEN pace - floor(e.rate_limit / 20.0) * e.rate_per_ms / (e.rate_limit - floor(e.rate_limit / 20.0)) END)
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
      AND NOT EXISTS (SELECT 1 FROM posthorn.queue q WHERE q.tenant_id = v.tenant_id AND q.event_id = v.id AND q.created_at > 0)
      AND NOT EXISTS (SELECT 1 FROM posthorn.blocked b WHERE b.tenant_id = v.tenant_id AND b.event_id = v.id)
    ORDER BY v.recorded_at LIMIT most FOR UPDATE SKIP LOCKED
  ), other AS (
    DELETE FROM posthorn.bodies b USING old o WHERE b.tenant_id = o.tenant_id AND b.event_id = o.id
  ), dropped AS (
    UPDATE posthorn.events v SET body = NULL, idempotency_key = NULL FROM old o WHERE v.tenant_id = o.tenant_id AND v.id = o.id RETURNING 1
  )
  SELECT count(*) INTO payloads FROM dropped;
  -- One session after the other: what another has dropped meanwhile is then no longer found.
  PERFORM pg_advisory_xact_lock(hashtext('posthorn'), -3);
  PERFORM posthorn.make_partitions(3);
  IF before IS NULL THEN
    RETURN json_build_object('payloads', payloads, 'attempts', 0, 'deliveries', 0, 'events', 0)::text;
  END IF;

  attempts := posthorn.drop_partitions(before);
  IF attempts = 0 THEN
    WITH old AS MATERIALIZED (
      SELECT a.tableoid AS part, a.ctid AS t FROM posthorn.attempts a WHERE a.started_at < before LIMIT most FOR UPDATE SKIP LOCKED
    ), dropped AS (
      DELETE FROM posthorn.attempts a USING old o WHERE a.tableoid = o.part AND a.ctid = o.t RETURNING 1
    )
    SELECT count(*) INTO attempts FROM dropped;
  END IF;

  -- After their attempts, so that no call touches more than the limit of either. One tenant after the other: what was finished so long ago was
  -- created before, and by that time an index has each tenant's.
  WITH RECURSIVE tenants AS (
    (SELECT d.tenant_id FROM posthorn.deliveries d ORDER BY d.tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.tenant_id FROM posthorn.deliveries d WHERE d.tenant_id > t.tenant_id ORDER BY d.tenant_id LIMIT 1)
    FROM tenants t WHERE t.tenant_id IS NOT NULL
  ), old AS MATERIALIZED (
    SELECT f.* FROM tenants t CROSS JOIN LATERAL (SELECT d.tenant_id, d.id FROM posthorn.deliveries d
    WHERE d.tenant_id = t.tenant_id AND d.created_at < before AND d.finished_at < before
      AND NOT EXISTS (SELECT 1 FROM posthorn.attempts a WHERE a.tenant_id = d.tenant_id AND a.delivery_id = d.id)
      AND NOT EXISTS (SELECT 1 FROM posthorn.blocked b WHERE b.tenant_id = d.tenant_id AND b.delivery_id = d.id)
    ORDER BY d.created_at, d.seq FOR UPDATE SKIP LOCKED) f LIMIT most
  ), dropped AS (
    DELETE FROM posthorn.deliveries d USING old o WHERE d.tenant_id = o.tenant_id AND d.id = o.id RETURNING 1
  )
  SELECT count(*) INTO deliveries FROM dropped;

  WITH old AS MATERIALIZED (
    SELECT v.tenant_id, v.id FROM posthorn.events v
    WHERE v.body IS NULL AND v.recorded_at < before
      AND NOT EXISTS (SELECT 1 FROM posthorn.queue q WHERE q.tenant_id = v.tenant_id AND q.event_id = v.id AND q.created_at > 0)
      AND NOT EXISTS (SELECT 1 FROM posthorn.deliveries d WHERE d.tenant_id = v.tenant_id AND d.event_id = v.id)
    ORDER BY v.recorded_at LIMIT most FOR UPDATE SKIP LOCKED
  ), dropped AS (
    DELETE FROM posthorn.events v USING old o WHERE v.tenant_id = o.tenant_id AND v.id = o.id RETURNING 1
  )
  SELECT count(*) INTO events FROM dropped;
  RETURN json_build_object('payloads', payloads, 'attempts', attempts, 'deliveries', deliveries, 'events', events)::text;
END $function$;

CREATE OR REPLACE FUNCTION posthorn.redeliver(items text, bytes bytea)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.redeliver_one(of_tenant text, delivery text, event text, endpoint text, renewed boolean, of_envelope text, replayed text, bytes bytea, ascii boolean, now_ms bigint)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.release_leases(leases text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
AS $function$
DECLARE
  leases text[] := release_leases.leases::text[];
BEGIN
  UPDATE posthorn.queue q SET leased_until = 0, token = NULL, solo = false, attempt = q.attempt - 1
  FROM generate_series(1, array_length(leases, 1)) AS i
  WHERE q.tenant_id = leases[i][1] AND q.id = leases[i][2] AND q.token = leases[i][4]::bigint AND q.attempt = leases[i][3]::integer;
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
  bytes bytea;
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

  bytes := convert_to(body, 'UTF8');
  answer := posthorn.insert_events(ARRAY[[tenant, event_id, ordering_key, type, version::text, happened::text, idempotency_key, metadata::text,
    'recorded', '0', '1', '1', length(bytes)::text, (length(bytes) = length(body))::text, NULL]]::text, '{}', '{}', bytes, '1', '{}', 'true')::jsonb;
  RETURN coalesce(answer->0->>0, event_id);
END $function$;
REVOKE EXECUTE ON FUNCTION posthorn.send(text,text,jsonb,text,text,jsonb,text,timestamp with time zone,integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION posthorn.settle_deliveries(settlements text, attempts text, bytes bytea, pending text)
 RETURNS text
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
  settlements text[] := string_to_array(settle_deliveries.settlements, E'\x1f', '');
  attempts text[] := string_to_array(settle_deliveries.attempts, E'\x1f', '');
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
END $function$;

CREATE OR REPLACE FUNCTION posthorn.suspicious_lanes(now_ms bigint)
 RETURNS SETOF bigint
 LANGUAGE sql
 STABLE
AS $function$
  SELECT DISTINCT q.lane FROM posthorn.queue q
  JOIN posthorn.endpoints e ON e.lane = q.lane
  WHERE q.lost >= 1 AND q.due_at <= now_ms AND q.leased_until <= now_ms AND q.lost + (q.token IS NOT NULL)::integer >= 2
    AND posthorn.opens_at(e,
      (SELECT p.due FROM posthorn.paces p WHERE e.rate_limit IS NOT NULL AND p.tenant_id = e.tenant_id AND p.lane = e.lane)) <= now_ms
    AND (q.order_key IS NULL OR e.ordered IS NULL OR e.status = 'disabled'
      OR EXISTS (SELECT 1 FROM posthorn.heads(e.tenant_id, q.lane) h WHERE (h.head).id = q.id))
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

CREATE OR REPLACE FUNCTION posthorn.wake()
 RETURNS void
 LANGUAGE sql
AS $function$ SELECT pg_notify('posthorn' || '_work', 'sql') $function$;
