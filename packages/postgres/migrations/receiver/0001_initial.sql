-- Receiver, version 1. Times are integer milliseconds since the Unix epoch, by the database's clock.

-- What is being handled (`token` set, `until` is the lease's end) and what was handled (`token` NULL, `until` is the record's).
-- `key` is the SHA-256 of source and id, which may be longer than an index takes.
CREATE TABLE posthorn.claims (
  key bytea PRIMARY KEY,
  source text NOT NULL,
  id text NOT NULL,
  fingerprint text NOT NULL,
  token text,
  until bigint NOT NULL
);

CREATE INDEX claims_until ON posthorn.claims (until);
