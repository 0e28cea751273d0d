-- Sender, version 1: endpoints are written.

-- Inserted one after the other: when the highest `lane` can be seen, every lower one can, and events know by it which endpoints they precede.
CREATE FUNCTION posthorn.insert_endpoint(request text) RETURNS text LANGUAGE plpgsql AS $$
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
END $$;

-- A tenant's endpoints in the order of creation, as the caller's transaction sees them → '' where they are still those of the mark `known`, else
-- { mark, endpoints }.
CREATE FUNCTION posthorn.endpoints_of(of_tenant text, known text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  mark text;
BEGIN
  SELECT m.mark INTO mark FROM posthorn.mark_of(of_tenant) AS m;
  IF mark = known THEN RETURN ''; END IF;
  RETURN json_build_object('mark', mark, 'endpoints', (
    SELECT coalesce(json_agg(row_to_json(e) ORDER BY e.lane), '[]') FROM posthorn.endpoints e WHERE e.tenant_id = of_tenant))::text;
END $$;

-- What a lane forgets when its endpoint changed: blocked lines, once nothing blocks any more; the pace of another rate.
CREATE FUNCTION posthorn.adapt_lane(before posthorn.endpoints, after posthorn.endpoints) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF after.ordered IS DISTINCT FROM 'block' OR after.status = 'disabled' THEN
    DELETE FROM posthorn.blocked b WHERE b.tenant_id = after.tenant_id AND b.lane = after.lane;
  END IF;
  IF (before.rate_limit, before.rate_per_ms) IS DISTINCT FROM (after.rate_limit, after.rate_per_ms) THEN
    DELETE FROM posthorn.paces p WHERE p.tenant_id = after.tenant_id AND p.lane = after.lane;
  END IF;
END $$;

-- The row by column names, with `revision` as it was read → the row as it is now, or NULL.
CREATE FUNCTION posthorn.replace_endpoint(request text) RETURNS text LANGUAGE plpgsql AS $$
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
END $$;

CREATE FUNCTION posthorn.remove_endpoint(of_tenant text, endpoint text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  gone bigint;
BEGIN
  DELETE FROM posthorn.endpoints e WHERE e.tenant_id = of_tenant AND e.id = endpoint RETURNING e.lane INTO gone;
  IF gone IS NULL THEN RETURN 'false'; END IF;
  PERFORM posthorn.cancel_lane(gone, posthorn.now_ms());
  RETURN 'true';
END $$;

-- [{ tenantId, id, failingSince, url, from, to, disable, throttleForMs, probeInMs }] → [whether health or status changed]
CREATE FUNCTION posthorn.transition_endpoints(request text) RETURNS text LANGUAGE plpgsql AS $$
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
END $$;

CREATE FUNCTION posthorn.transition_one(i jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
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
END $$;
