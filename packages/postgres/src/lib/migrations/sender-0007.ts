// Written by scripts/embed-migrations.mjs from migrations/sender/0007_partition_rights.sql.
export const name = '0007_partition_rights'

export const sql = `-- Sender, version 1: a role that only uses the tables may have their partitions made and dropped. Only the owner of a table can do that, so
-- these two functions run as the owner; who may call them has to be said.

ALTER FUNCTION posthorn.make_partitions(integer) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION posthorn.drop_partitions(bigint) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
REVOKE EXECUTE ON FUNCTION posthorn.make_partitions(integer), posthorn.drop_partitions(bigint) FROM PUBLIC;
`
