// Written by scripts/embed-migrations.mjs from migrations/sender/0008_hand_over.sql.
export const name = '0008_hand_over'

export const sql = `-- Sender, version 1: what a process sends, it claims in the same call.

-- \`insert_events\` and then \`claim_deliveries\`, for a started worker. → what the first answers, as the \`note\` of a row of its own, and then the
-- rows of the second.
CREATE FUNCTION posthorn.insert_and_claim(
  turns text, tenants text, ids text, types text, versions text, times text, keys text, order_keys text,
  facts text, matched text, wanted text, starts text, lengths text, ascii text,
  places text, delivery_ids text, endpoints text, envelopes text, reasons text,
  body_places text, body_envelopes text, body_starts text, body_lengths text, body_ascii text, bytes bytea,
  lanes text, quotas text, revisions text, first_lanes text, most text, lease_ms text,
  per_endpoint text, failing_limit text, probe_after_ms text, alone text, solo_after text
) RETURNS TABLE (
  lane text, id text, token text, attempt text, event text, type text, orderkey text, message text,
  lost text, sololost text, deferred text, created text, metadata text, body text, escaped text, note text
) LANGUAGE plpgsql AS $$
BEGIN
  note := posthorn.insert_events(turns, tenants, ids, types, versions, times, keys, order_keys, facts, matched, wanted, starts, lengths, ascii,
    places, delivery_ids, endpoints, envelopes, reasons, body_places, body_envelopes, body_starts, body_lengths, body_ascii, bytes);
  RETURN NEXT;
  RETURN QUERY SELECT c.* FROM posthorn.claim_deliveries(lanes, quotas, revisions, first_lanes, most, lease_ms, per_endpoint, failing_limit,
    probe_after_ms, alone, solo_after, 'false') c;
END $$;
`
