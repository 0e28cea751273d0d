// Written by scripts/embed-migrations.mjs from migrations/sender/0005_tenant_turns.sql.
export const name = '0005_tenant_turns'

export const sql = `-- Tenants take turns, and so do the lanes of each.

ALTER TABLE posthorn_lanes ADD COLUMN tenant_id TEXT NOT NULL DEFAULT '';

UPDATE posthorn_lanes SET
  tenant_id = coalesce((SELECT tenant_id FROM posthorn_endpoints WHERE seq = lane), '');

DROP INDEX posthorn_lanes_line;
CREATE INDEX posthorn_lanes_line ON posthorn_lanes (failing, tenant_id, turn, lane) WHERE turn IS NOT NULL;

-- One row for each tenant of which a lane stands in line, and one more if a failing one does: its place, which is when it joined the line or was
-- last served.
CREATE TABLE posthorn_turns (
  failing INTEGER NOT NULL,
  tenant_id TEXT NOT NULL,
  turn INTEGER NOT NULL,
  PRIMARY KEY (failing, tenant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX posthorn_turns_line ON posthorn_turns (failing, turn, tenant_id);

INSERT INTO posthorn_turns
  SELECT failing, tenant_id, min(turn) FROM posthorn_lanes WHERE turn IS NOT NULL GROUP BY failing, tenant_id;

CREATE TRIGGER posthorn_lanes_joined AFTER UPDATE OF turn, failing ON posthorn_lanes
WHEN NEW.turn IS NOT NULL AND (OLD.turn IS NULL OR OLD.failing <> NEW.failing)
BEGIN
  INSERT INTO posthorn_turns (failing, tenant_id, turn) VALUES (NEW.failing, NEW.tenant_id, NEW.turn)
  ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER posthorn_lanes_left AFTER UPDATE OF turn, failing ON posthorn_lanes
WHEN OLD.turn IS NOT NULL AND (NEW.turn IS NULL OR OLD.failing <> NEW.failing)
BEGIN
  DELETE FROM posthorn_turns
  WHERE failing = OLD.failing AND tenant_id = OLD.tenant_id AND NOT EXISTS (
    SELECT 1 FROM posthorn_lanes INDEXED BY posthorn_lanes_line
    WHERE failing = OLD.failing AND tenant_id = OLD.tenant_id AND turn IS NOT NULL);
END;

CREATE TRIGGER posthorn_lanes_removed AFTER DELETE ON posthorn_lanes
WHEN OLD.turn IS NOT NULL
BEGIN
  DELETE FROM posthorn_turns
  WHERE failing = OLD.failing AND tenant_id = OLD.tenant_id AND NOT EXISTS (
    SELECT 1 FROM posthorn_lanes INDEXED BY posthorn_lanes_line
    WHERE failing = OLD.failing AND tenant_id = OLD.tenant_id AND turn IS NOT NULL);
END;
`
