-- Sender, version 1: an event knows the transaction that wrote it, so that who pages forward finds those that were committed behind it. Numbers
-- only grow with the rows, so an index of ranges of blocks is enough, and costs an insert next to nothing.

ALTER TABLE posthorn.events ADD COLUMN writer bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint;
CREATE INDEX events_writer ON posthorn.events USING brin (writer) WITH (pages_per_range = 16);
