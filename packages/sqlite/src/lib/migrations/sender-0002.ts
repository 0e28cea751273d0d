// Written by scripts/embed-migrations.mjs from migrations/sender/0002_endpoint_settings.sql.
export const name = '0002_endpoint_settings'

export const sql = `-- What an endpoint may ask for beyond version 1. All but \`ordered\` is JSON; what is secret in it is sealed by the sender.
ALTER TABLE posthorn_endpoints ADD COLUMN sealed_headers TEXT;
ALTER TABLE posthorn_endpoints ADD COLUMN "authorization" TEXT;
ALTER TABLE posthorn_endpoints ADD COLUMN tls TEXT;
ALTER TABLE posthorn_endpoints ADD COLUMN rate_limit TEXT;
ALTER TABLE posthorn_endpoints ADD COLUMN ordered TEXT;
`
