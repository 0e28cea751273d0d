-- Sender, version 1: what is old is dropped.

-- Makes the daily partitions of the attempts from today on. Where the default one has rows of a day already, that day stays there.
CREATE FUNCTION posthorn.make_partitions(days integer) RETURNS void LANGUAGE plpgsql AS $$
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
END $$;

-- Drops the partitions of which all is older: in constant time. Answers about how many rows they had.
CREATE FUNCTION posthorn.drop_partitions(before bigint) RETURNS bigint LANGUAGE plpgsql AS $$
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
END $$;

-- { events, attempts (ages in milliseconds), limit } → { payloads, attempts, deliveries, events }
CREATE FUNCTION posthorn.prune(request text) RETURNS text LANGUAGE plpgsql SET enable_seqscan = off SET lock_timeout = '2s' AS $$
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
END $$;

-- A role that only uses the tables may have their partitions made and dropped. Only the owner of a table can do that, so these two functions
-- run as the owner; who may call them has to be said.
ALTER FUNCTION posthorn.make_partitions(integer) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION posthorn.drop_partitions(bigint) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE EXECUTE ON FUNCTION posthorn.make_partitions(integer), posthorn.drop_partitions(bigint) FROM PUBLIC;
