// Written by scripts/embed-migrations.mjs from migrations/sender/0003_request_headers.sql.
export const name = '0003_request_headers'

export const sql = `-- What each attempt asked with, as JSON; what is secret in it is masked by the sender.
ALTER TABLE posthorn_attempts ADD COLUMN request_headers TEXT;
`
