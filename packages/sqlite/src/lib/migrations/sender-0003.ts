// Written by scripts/embed-migrations.mjs from migrations/sender/0003_request_headers.sql.
export const name = '0003_request_headers'

export const sql = `-- What each attempt asked with, as JSON; what is secret in it is masked by the sender.
ALTER TABLE posthorn_attempts ADD COLUMN request_headers TEXT;

-- What the headers of attempts that were written together have in common, as JSON: values by name, \`true\` for the id of the message, null where
-- they differ. An attempt with \`shared\` has only its others. Those that share a row are of deliveries from \`first_delivery\` to \`last_delivery\`.
CREATE TABLE posthorn_attempt_headers (
  seq INTEGER PRIMARY KEY,
  first_delivery INTEGER NOT NULL,
  last_delivery INTEGER NOT NULL,
  request TEXT NOT NULL,
  response TEXT NOT NULL
) STRICT;

ALTER TABLE posthorn_attempts ADD COLUMN shared INTEGER;
`
