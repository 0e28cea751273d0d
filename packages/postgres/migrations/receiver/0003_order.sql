-- Receiver, version 3: the guard of order. Times are integer milliseconds since the Unix epoch, by the database's clock.

-- The highest version that was handled, for each key; compared by character codes. `id` is the SHA-256 of source and key, which may be longer than
-- an index takes. `raised_at` has no index, so that raising a version stays within its page: pruning reads the table.
CREATE TABLE posthorn.last_versions (
  id bytea PRIMARY KEY,
  source text NOT NULL,
  key text NOT NULL,
  version text COLLATE "C" NOT NULL,
  raised_at bigint NOT NULL
) WITH (fillfactor = 80);
