// Written by scripts/embed-migrations.mjs from migrations/sender/0002_events.sql.
export const name = '0002_events'

export const sql = `-- Sender, version 1: events come in. What each call takes and answers is text, so that no host's type parsers matter, and no cast has to be planned
-- with each call. Batches come as columns: an array for each, of which the shorter ones end in NULLs.

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

-- Writes the deliveries of events that are there: due at once, unless skipped; born canceled when their endpoint is gone. \`places\` says of which
-- event each is; \`bytes\` holds the bodies in other envelopes. Answers the lanes that have work now, and whose each is.
CREATE FUNCTION posthorn.add_deliveries(
  tenants text[], events text[], seqs bigint[], order_keys text[],
  places integer[], ids text[], endpoints text[], envelopes text[], reasons text[],
  body_places integer[], body_envelopes text[], body_starts integer[], body_lengths integer[], body_ascii boolean[], bytes bytea, now_ms bigint
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
  lanes bigint[];
  owners text[];
BEGIN
  IF body_places <> '{}' THEN
    INSERT INTO posthorn.bodies (tenant_id, event_id, envelope, body, ascii)
    SELECT tenants[b.place], events[b.place], b.envelope, substring(bytes FROM b.start FOR b.length), b.ascii
    FROM unnest(body_places, body_envelopes, body_starts, body_lengths, body_ascii) AS b(place, envelope, start, length, ascii)
    WHERE seqs[b.place] IS NOT NULL
    ON CONFLICT DO NOTHING;
  END IF;

  WITH added AS (
    INSERT INTO posthorn.queue
      (tenant_id, id, lane, endpoint_id, event_id, seq, "position", order_key, due_at, envelope, created_at)
    SELECT d.tenant, d.id, e.lane, d.endpoint, events[d.place], nextval('posthorn.positions'), seqs[d.place], order_keys[d.place],
      now_ms, d.envelope, now_ms
    FROM (
      SELECT d.*, tenants[d.place] AS tenant
      FROM unnest(places, ids, endpoints, envelopes, reasons) WITH ORDINALITY AS d(place, id, endpoint, envelope, reason, n)
      WHERE d.reason IS NULL AND seqs[d.place] IS NOT NULL
      ORDER BY seqs[d.place], d.n
    ) d
    CROSS JOIN LATERAL (
      SELECT e.lane FROM posthorn.endpoints e WHERE e.tenant_id = d.tenant AND e.id = d.endpoint OFFSET 0) e
    RETURNING lane, tenant_id
  )
  SELECT array_agg(lane), array_agg(tenant_id) INTO lanes, owners FROM added;
  IF coalesce(cardinality(lanes), 0) = cardinality(places) THEN RETURN json_build_object('lanes', lanes, 'tenants', owners); END IF;

  INSERT INTO posthorn.deliveries
    (tenant_id, id, endpoint_id, event_id, seq, status, reason, attempt, lost, solo_lost, deferred, created_at, finished_at)
  SELECT tenants[d.place], d.id, d.endpoint, events[d.place], nextval('posthorn.positions'),
    CASE WHEN d.reason IS NULL THEN 'canceled' ELSE 'skipped' END, d.reason, 0, 0, 0, 0, now_ms, now_ms
  FROM unnest(places, ids, endpoints, reasons) AS d(place, id, endpoint, reason)
  WHERE seqs[d.place] IS NOT NULL AND (d.reason IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM posthorn.queue q WHERE q.tenant_id = tenants[d.place] AND q.id = d.id));
  RETURN json_build_object('lanes', lanes, 'tenants', owners);
END $$;

-- One row for each event, in the order of tenants and keys, so that two batches with the same ones wait for each other, and never in a circle;
-- \`turns\` is its place in the order of recording. \`bytes\` holds all bodies, and \`ascii\` says which are plain ASCII.
-- → { woken: { lanes, tenants }, answers: [[eventId, duplicate, deliveries]], in the order of the rows; absent when none is a duplicate }
CREATE FUNCTION posthorn.insert_events(
  turns text, tenants text, ids text, types text, versions text, times text, keys text, order_keys text,
  metadata text, matched text, wanted text, starts text, lengths text, ascii text,
  places text, delivery_ids text, endpoints text, envelopes text, reasons text,
  body_places text, body_envelopes text, body_starts text, body_lengths text, body_ascii text, bytes bytea,
  unchecked text DEFAULT 'false'
) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  turns integer[] := insert_events.turns::integer[];
  tenants text[] := insert_events.tenants::text[];
  ids text[] := insert_events.ids::text[];
  types text[] := insert_events.types::text[];
  versions integer[] := insert_events.versions::integer[];
  times bigint[] := insert_events.times::bigint[];
  keys text[] := insert_events.keys::text[];
  order_keys text[] := insert_events.order_keys::text[];
  metadata text[] := insert_events.metadata::text[];
  matched boolean[] := insert_events.matched::boolean[];
  wanted integer[] := insert_events.wanted::integer[];
  starts integer[] := insert_events.starts::integer[];
  lengths integer[] := insert_events.lengths::integer[];
  ascii boolean[] := insert_events.ascii::boolean[];
  places integer[] := insert_events.places::integer[];
  delivery_ids text[] := insert_events.delivery_ids::text[];
  endpoints text[] := insert_events.endpoints::text[];
  envelopes text[] := insert_events.envelopes::text[];
  reasons text[] := insert_events.reasons::text[];
  body_places integer[] := insert_events.body_places::integer[];
  body_envelopes text[] := insert_events.body_envelopes::text[];
  body_starts integer[] := insert_events.body_starts::integer[];
  body_lengths integer[] := insert_events.body_lengths::integer[];
  body_ascii boolean[] := insert_events.body_ascii::boolean[];
  unchecked boolean := insert_events.unchecked::boolean;
  now_ms bigint := posthorn.now_ms();
  drawn bigint[];
  seqs bigint[];
  fresh bigint[];
  woken json;
BEGIN
  drawn := ARRAY(SELECT nextval('posthorn.positions') FROM generate_series(1, cardinality(ids)));
  seqs := ARRAY(SELECT drawn[t] FROM unnest(turns) AS t);
  WITH inserted AS (
    INSERT INTO posthorn.events
      (tenant_id, id, seq, type, version, "timestamp", recorded_at, state, idempotency_key, ordering_key, metadata, wanted, body, ascii)
    SELECT g.tenant, g.id, g.seq, g.type, g.version, g.time, now_ms, CASE WHEN g.matched THEN 'fanned_out' ELSE 'recorded' END,
      g.key, g.order_key, g.metadata, g.wanted, substring(bytes FROM g.start FOR g.length), g.ascii
    FROM unnest(seqs, tenants, ids, types, versions, times, keys, order_keys, metadata, matched, wanted, starts, lengths, ascii)
      AS g(seq, tenant, id, type, version, "time", key, order_key, metadata, matched, wanted, start, length, ascii)
    ON CONFLICT DO NOTHING
    RETURNING seq
  )
  SELECT coalesce(array_agg(seq), '{}') INTO fresh FROM inserted;
  IF cardinality(fresh) < cardinality(seqs) THEN
    seqs := ARRAY(SELECT CASE WHEN s = ANY (fresh) THEN s END FROM unnest(seqs) AS s);
  END IF;

  IF false = ANY (matched) THEN
    INSERT INTO posthorn.unmatched (tenant_id, event_id, seq, ordering_key, horizon, unchecked)
    SELECT g.tenant, g.id, g.seq, g.order_key,
      coalesce((SELECT max(e.lane) FROM posthorn.endpoints e WHERE e.tenant_id = g.tenant), 0), unchecked
    FROM unnest(seqs, tenants, ids, order_keys, matched) AS g(seq, tenant, id, order_key, matched)
    WHERE g.seq IS NOT NULL AND NOT g.matched;
  END IF;
  IF places <> '{}' THEN
    woken := posthorn.add_deliveries(tenants, ids, seqs, order_keys, places, delivery_ids, endpoints, envelopes, reasons,
      body_places, body_envelopes, body_starts, body_lengths, body_ascii, bytes, now_ms);
  END IF;

  RETURN json_build_object('woken', woken, 'answers', CASE WHEN cardinality(fresh) < cardinality(seqs) THEN (
    SELECT json_agg(json_build_array(v.id, g.seq IS NULL, v.wanted) ORDER BY g.place)
    FROM unnest(seqs, tenants, ids, keys) WITH ORDINALITY AS g(seq, tenant, id, key, place)
    CROSS JOIN LATERAL (
      SELECT known.* FROM (
        SELECT 0 AS rank, e.id, e.wanted FROM posthorn.events e WHERE e.tenant_id = g.tenant AND e.idempotency_key = g.key
        UNION ALL
        SELECT 1, e.id, e.wanted FROM posthorn.events e WHERE e.tenant_id = g.tenant AND e.id = g.id
      ) known ORDER BY rank LIMIT 1
    ) v) END)::text;
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

-- One row for each verdict → { applied, woken: { lanes, tenants } }
CREATE FUNCTION posthorn.fan_out_events(
  tenants text, ids text, tokens text, states text, issues text, wanted text,
  places text, delivery_ids text, endpoints text, envelopes text, reasons text,
  body_places text, body_envelopes text, body_starts text, body_lengths text, body_ascii text, bytes bytea
) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
<<own>>
DECLARE
  tenants text[] := fan_out_events.tenants::text[];
  ids text[] := fan_out_events.ids::text[];
  tokens text[] := fan_out_events.tokens::text[];
  states text[] := fan_out_events.states::text[];
  issues text[] := fan_out_events.issues::text[];
  wanted integer[] := fan_out_events.wanted::integer[];
  places integer[] := fan_out_events.places::integer[];
  delivery_ids text[] := fan_out_events.delivery_ids::text[];
  endpoints text[] := fan_out_events.endpoints::text[];
  envelopes text[] := fan_out_events.envelopes::text[];
  reasons text[] := fan_out_events.reasons::text[];
  body_places integer[] := fan_out_events.body_places::integer[];
  body_envelopes text[] := fan_out_events.body_envelopes::text[];
  body_starts integer[] := fan_out_events.body_starts::integer[];
  body_lengths integer[] := fan_out_events.body_lengths::integer[];
  body_ascii boolean[] := fan_out_events.body_ascii::boolean[];
  now_ms bigint := posthorn.now_ms();
  seqs bigint[];
  order_keys text[];
  applied integer;
  woken json;
BEGIN
  PERFORM 1 FROM posthorn.unmatched u JOIN unnest(tenants, ids) AS g(tenant, id) ON u.tenant_id = g.tenant AND u.event_id = g.id
  ORDER BY u.seq FOR UPDATE OF u;

  -- Of each place the seq where the verdict holds, and NULL where it does not.
  WITH matched AS (
    DELETE FROM posthorn.unmatched u USING unnest(tenants, ids, tokens) WITH ORDINALITY AS g(tenant, id, token, place)
    WHERE u.tenant_id = g.tenant AND u.event_id = g.id AND u.token::text = g.token
    RETURNING g.place, u.seq, u.ordering_key
  )
  SELECT array_agg(m.seq ORDER BY g.place), array_agg(m.ordering_key ORDER BY g.place), count(m.seq)
  INTO seqs, order_keys, applied FROM generate_series(1, cardinality(ids)) AS g(place) LEFT JOIN matched m ON m.place = g.place;

  UPDATE posthorn.events e SET state = g.state, issues = g.issues, wanted = g.wanted
  FROM unnest(seqs, tenants, ids, states, own.issues, own.wanted) AS g(seq, tenant, id, state, issues, wanted)
  WHERE g.seq IS NOT NULL AND e.tenant_id = g.tenant AND e.id = g.id;
  IF places <> '{}' THEN
    woken := posthorn.add_deliveries(tenants, ids, seqs, order_keys, places, delivery_ids, endpoints, envelopes, reasons,
      body_places, body_envelopes, body_starts, body_lengths, body_ascii, bytes, now_ms);
  END IF;
  RETURN json_build_object('applied', applied, 'woken', woken)::text;
END $$;
`
