-- Sender, version 1: events from plain SQL, for triggers and other languages. A worker checks what `send` recorded, and matches it.

-- `evt_` and 26 characters of Crockford's base 32: 48 bits of time, 80 random ones.
CREATE FUNCTION posthorn.new_event_id(now_ms bigint) RETURNS text LANGUAGE sql VOLATILE AS $$
  WITH chance AS MATERIALIZED (
    SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) AS bytes
  )
  SELECT 'evt_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz',
    1 + (CASE WHEN n < 10 THEN now_ms >> (45 - 5 * n) ELSE get_byte(bytes, n - 10) END & 31)::integer, 1), '' ORDER BY n)
  FROM chance, generate_series(0, 25) AS n
$$;

-- Records an event in the transaction that calls it, and answers its id; of a duplicate, the first one's. What no event can have is refused
-- here; data that does not follow its type's schema is found by the worker, and leaves the event `invalid`.
-- Runs as the owner of the tables, so that a role needs no right on them; who may call it has to be said.
CREATE FUNCTION posthorn.send(
  tenant text, type text, data jsonb,
  idempotency_key text DEFAULT NULL, ordering_key text DEFAULT NULL, metadata jsonb DEFAULT '{}',
  id text DEFAULT NULL, occurred_at timestamptz DEFAULT NULL, version integer DEFAULT 1
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
END $$;

REVOKE EXECUTE ON FUNCTION posthorn.send FROM PUBLIC;

-- Tells the workers that listen that there is something to do, once the transaction that calls it has committed. Several calls of one
-- transaction are one.
CREATE FUNCTION posthorn.wake() RETURNS void LANGUAGE sql AS $$ SELECT pg_notify('posthorn' || '_work', 'sql') $$;
