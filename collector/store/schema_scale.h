// Steps of the schema that keep the cost of an alert from growing with what is stored. Only for
// schema.cc.
#pragma once

#include <string_view>

namespace sonde::store {

// The memory of correlation becomes small and local: an entity is a number, and what was seen in
// the same stretch of time (as long as the entity's window, see incident/links.h) stands together,
// so that neither writing nor reading grows with what is stored. incident_digest is what a list
// shows of the alerts inside: a list must not count them.
inline constexpr std::string_view kBounded = R"(
ALTER TABLE correlation_entities RENAME TO correlation_entities_7;
CREATE TABLE correlation_entities (
  bucket_ms @int@ NOT NULL,
  entity @int@ NOT NULL,
  time_ms @int@ NOT NULL,
  alert_id @int@ NOT NULL,
  stage @int@ NOT NULL,
  PRIMARY KEY (bucket_ms, entity, time_ms, alert_id)
)@clustered@;
INSERT INTO correlation_entities (bucket_ms, entity, time_ms, alert_id, stage)
SELECT time_ms - time_ms % window_ms, sonde_key(type || @chr@(31) || value), time_ms, alert_id, stage
FROM (SELECT type, value, time_ms, alert_id, stage, CASE
  WHEN type = 'secret' THEN 604800000
  WHEN type IN ('conversation', 'url', 'domain') THEN 86400000
  WHEN type IN ('process', 'process_tree') THEN 21600000
  WHEN type IN ('tool', 'host_application') THEN 900000
  ELSE 3600000 END AS window_ms FROM correlation_entities_7) AS seen;
DROP TABLE correlation_entities_7;
CREATE TABLE incident_digest (
  incident_id @int@ NOT NULL,
  dimension TEXT NOT NULL,
  name TEXT NOT NULL,
  amount @int@ NOT NULL,
  PRIMARY KEY (incident_id, dimension, name)
)@clustered@;
INSERT INTO incident_digest (incident_id, dimension, name, amount)
SELECT m.incident_id, 'alert', a.alert, COUNT(*) FROM incident_alerts m
  JOIN alerts a ON a.id = m.alert_id GROUP BY m.incident_id, a.alert
UNION ALL SELECT m.incident_id, 'host', a.host, COUNT(*) FROM incident_alerts m
  JOIN alerts a ON a.id = m.alert_id WHERE a.host <> '' GROUP BY m.incident_id, a.host
UNION ALL SELECT m.incident_id, 'application', a.application, COUNT(*) FROM incident_alerts m
  JOIN alerts a ON a.id = m.alert_id WHERE a.application <> ''
  GROUP BY m.incident_id, a.application;
)";

// SQLite's own sonde_key() comes with the connection (sqlite.cc).
inline constexpr std::string_view kKeyPostgres = R"(
CREATE FUNCTION sonde_key(txt TEXT) RETURNS BIGINT LANGUAGE SQL IMMUTABLE AS
$$ SELECT ('x' || encode(substring(sha256(convert_to(txt, 'UTF8')) FROM 1 FOR 8), 'hex'))
   ::bit(64)::bigint $$;
)";

// alert_uids takes the place of the unique uid: see uids.h. SQLite cannot drop a constraint,
// so its table is made anew.
inline constexpr std::string_view kUids = R"(
CREATE TABLE alert_uids (
  run @int@ NOT NULL,
  hash @int@ NOT NULL,
  id @int@ NOT NULL,
  PRIMARY KEY (run, hash, id)
)@clustered@;
INSERT INTO alert_uids (run, hash, id) SELECT id >> 16, sonde_key(uid), id FROM alerts;
)";
inline constexpr std::string_view kUidsPostgres = R"(
ALTER TABLE alerts DROP CONSTRAINT alerts_uid_key;
)";
// The sequence is kept, or ids of alerts that retention removed would be given again. The index of
// words has its own position from here on.
inline constexpr std::string_view kUidsSqlite = R"(
ALTER TABLE alerts RENAME TO alerts_9;
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  alert TEXT NOT NULL,
  title TEXT NOT NULL,
  severity INTEGER NOT NULL,
  status INTEGER NOT NULL DEFAULT 0,
  classification TEXT,
  assignee TEXT,
  host TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  application TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  zone TEXT NOT NULL,
  score REAL NOT NULL,
  evidence_preview TEXT NOT NULL,
  search_text TEXT NOT NULL,
  entities TEXT NOT NULL,
  ocsf NOT NULL
);
INSERT INTO alerts SELECT id, uid, time_ms, received_ms, alert, title, severity, status,
  classification, assignee, host, agent_id, application, provider, model, zone, score,
  evidence_preview, search_text, entities, ocsf FROM alerts_9 ORDER BY id;
DELETE FROM sqlite_sequence WHERE name = 'alerts';
INSERT INTO sqlite_sequence (name, seq) SELECT 'alerts', seq FROM sqlite_sequence
  WHERE name = 'alerts_9';
DROP TABLE alerts_9;
CREATE INDEX alerts_by_time ON alerts (time_ms, id);
CREATE INDEX alerts_by_alert ON alerts (alert, time_ms, id);
CREATE INDEX alerts_by_host ON alerts (host, time_ms, id);
CREATE INDEX alerts_by_application ON alerts (application, time_ms, id);
CREATE INDEX alerts_by_severity ON alerts (severity, time_ms, id);
CREATE INDEX alerts_by_status ON alerts (status, time_ms, id) WHERE status <> 0;
CREATE INDEX alerts_by_agent ON alerts (agent_id, time_ms, id);
CREATE INDEX alerts_by_model ON alerts (model, time_ms, id);
CREATE INDEX alerts_by_provider ON alerts (provider, time_ms, id);
CREATE INDEX alerts_by_zone ON alerts (zone, time_ms, id);
CREATE INDEX alerts_by_assignee ON alerts (assignee, time_ms, id) WHERE assignee IS NOT NULL;
CREATE TABLE search_state (last_alert_id INTEGER NOT NULL);
INSERT INTO search_state (last_alert_id) SELECT COALESCE(MAX(id), 0) FROM alerts;
)";

// The table becomes one of partitions by id, and what it holds the first of them (partitions.h).
inline constexpr std::string_view kPartitionsPostgres = R"(
ALTER TABLE alerts RENAME TO alerts_p0;
DO $$ DECLARE i RECORD; BEGIN
  FOR i IN SELECT indexname AS name FROM pg_indexes
    WHERE tablename = 'alerts_p0' AND schemaname = current_schema() LOOP
    EXECUTE format('ALTER INDEX %I RENAME TO %I', i.name, replace(i.name, 'alerts_', 'alerts_p0_'));
  END LOOP; END $$;
CREATE SEQUENCE alert_ids;
SELECT setval('alert_ids', nextval(pg_get_serial_sequence('alerts_p0', 'id')));
ALTER TABLE alerts_p0 ALTER COLUMN id DROP IDENTITY;
CREATE TABLE alerts (LIKE alerts_p0 INCLUDING DEFAULTS INCLUDING COMPRESSION, PRIMARY KEY (id))
  PARTITION BY RANGE (id);
ALTER SEQUENCE alert_ids OWNED BY alerts.id;
CREATE INDEX alerts_by_time ON alerts (time_ms, id);
CREATE INDEX alerts_by_alert ON alerts (alert, time_ms, id);
CREATE INDEX alerts_by_host ON alerts (host, time_ms, id);
CREATE INDEX alerts_by_application ON alerts (application, time_ms, id);
CREATE INDEX alerts_by_severity ON alerts (severity, time_ms, id);
CREATE INDEX alerts_by_status ON alerts (status, time_ms, id) WHERE status <> 0;
CREATE INDEX alerts_by_agent ON alerts (agent_id, time_ms, id);
CREATE INDEX alerts_by_model ON alerts (model, time_ms, id);
CREATE INDEX alerts_by_provider ON alerts (provider, time_ms, id);
CREATE INDEX alerts_by_zone ON alerts (zone, time_ms, id);
CREATE INDEX alerts_by_assignee ON alerts (assignee, time_ms, id) WHERE assignee IS NOT NULL;
CREATE INDEX alerts_search ON alerts USING gin (to_tsvector('simple', search_text))
  WITH (fastupdate = on, gin_pending_list_limit = 65536);
ALTER TABLE alerts ATTACH PARTITION alerts_p0 FOR VALUES FROM (MINVALUE) TO (4294967296);
)";

// The overview reads one dimension after the other, each over a time, and counts open incidents:
// how many are closed by then must not matter.
inline constexpr std::string_view kOverview = R"(
ALTER TABLE alert_counts RENAME TO alert_counts_12;
CREATE TABLE alert_counts (
  dimension TEXT NOT NULL,
  hour_ms @int@ NOT NULL,
  name TEXT NOT NULL,
  amount @int@ NOT NULL,
  PRIMARY KEY (dimension, hour_ms, name)
)@clustered@;
INSERT INTO alert_counts (dimension, hour_ms, name, amount)
SELECT dimension, hour_ms, name, amount FROM alert_counts_12;
DROP TABLE alert_counts_12;
CREATE INDEX incidents_open ON incidents (id) WHERE merged_into IS NULL AND status IN (0, 1);
)";

}  // namespace sonde::store
