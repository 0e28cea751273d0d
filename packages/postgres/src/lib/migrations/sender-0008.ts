// Written by scripts/embed-migrations.mjs from migrations/sender/0008_hand_over.sql.
export const name = '0008_hand_over'

export const sql = `-- Sender, version 1: what a process sends, it claims in the same call.

-- \`insert_events\` and then \`claim_deliveries\`, for a started worker. → what the first answers, as the \`note\` of a row of its own, and then the
-- rows of the second.
CREATE FUNCTION posthorn.insert_and_claim(
  events text, deliveries text, bodies text, bytes bytea, recorded text, lanes text, quotas text, revisions text, terms text
) RETURNS TABLE (
  lane text, id text, token text, attempt text, event text, type text, orderkey text, message text,
  lost text, sololost text, deferred text, created text, metadata text, body text, escaped text, note text
) LANGUAGE plpgsql AS $$
BEGIN
  note := posthorn.insert_events(events, deliveries, bodies, bytes, recorded);
  RETURN NEXT;
  RETURN QUERY SELECT c.* FROM posthorn.claim_deliveries(lanes, quotas, revisions, terms) c;
END $$;
`
