#include "collector/store/schema.h"

#include <array>

#include "collector/store/schema_scale.h"

namespace sonde::store {
namespace {

// Times are milliseconds since 1970. severity is OCSF's severity_id. status: 0 new, 1 in progress,
// 2 resolved, 3 suppressed. Ids grow in commit order (see AlertStore::append), so "id > n" is a
// cursor that misses nothing.
constexpr std::string_view kAlerts = R"(
CREATE TABLE alerts (
  id @id@,
  uid TEXT NOT NULL UNIQUE,
  time_ms @int@ NOT NULL,
  received_ms @int@ NOT NULL,
  alert TEXT NOT NULL,
  title TEXT NOT NULL,
  severity @int@ NOT NULL,
  status @int@ NOT NULL DEFAULT 0,
  classification TEXT,
  assignee TEXT,
  host TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  application TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  zone TEXT NOT NULL,
  score @real@ NOT NULL,
  evidence_preview TEXT NOT NULL,
  search_text TEXT NOT NULL,
  entities TEXT NOT NULL,
  ocsf TEXT NOT NULL
);
CREATE INDEX alerts_by_time ON alerts (time_ms, id);
CREATE INDEX alerts_by_alert ON alerts (alert, time_ms, id);
CREATE INDEX alerts_by_host ON alerts (host, time_ms, id);
CREATE INDEX alerts_by_application ON alerts (application, time_ms, id);
CREATE INDEX alerts_by_severity ON alerts (severity, time_ms, id);
CREATE INDEX alerts_by_status ON alerts (status, time_ms, id) WHERE status <> 0;

CREATE TABLE alert_counts (
  hour_ms @int@ NOT NULL,
  dimension TEXT NOT NULL,
  name TEXT NOT NULL,
  amount @int@ NOT NULL,
  PRIMARY KEY (hour_ms, dimension, name)
);

CREATE TABLE comments (
  id @id@,
  object TEXT NOT NULL,
  author TEXT NOT NULL,
  time_ms @int@ NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX comments_by_object ON comments (object, id);
)";

// AlertStore writes the index itself: a trigger would open a savepoint for each row, and FTS5
// writes a segment at each savepoint (measured: 60 us an alert more).
constexpr std::string_view kSearchSqlite = R"(
CREATE VIRTUAL TABLE alerts_search USING fts5(
  search_text, content='alerts', content_rowid='id', tokenize='unicode61');
)";
// lz4: pglz, the default, costs as much CPU as all the rest of an insert. The long pending list
// lets autovacuum do most of the sorting that GIN needs, outside of deliveries.
constexpr std::string_view kSearchPostgres = R"(
ALTER TABLE alerts ALTER COLUMN ocsf SET COMPRESSION lz4;
CREATE INDEX alerts_search ON alerts USING gin (to_tsvector('simple', search_text))
  WITH (fastupdate = on, gin_pending_list_limit = 65536);
)";

constexpr std::string_view kFleet = R"(
CREATE TABLE agents (
  agent_id TEXT PRIMARY KEY,
  hostname TEXT NOT NULL DEFAULT '',
  version TEXT NOT NULL DEFAULT '',
  kernel TEXT NOT NULL DEFAULT '',
  started_ms @int@ NOT NULL DEFAULT 0,
  last_seen_ms @int@ NOT NULL DEFAULT 0,
  enrolled_ms @int@ NOT NULL DEFAULT 0,
  revoked_ms @int@,
  covered @int@ NOT NULL DEFAULT 0,
  not_covered @int@ NOT NULL DEFAULT 0,
  counters TEXT NOT NULL DEFAULT '{}',
  coverage TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE enrolments (
  token_hash TEXT PRIMARY KEY,
  agent_id TEXT NOT NULL,
  created_ms @int@ NOT NULL,
  expires_ms @int@ NOT NULL,
  used_ms @int@
);
CREATE TABLE certificates (
  fingerprint TEXT PRIMARY KEY,
  agent_id TEXT NOT NULL,
  issued_ms @int@ NOT NULL,
  expires_ms @int@ NOT NULL,
  revoked_ms @int@
);
CREATE INDEX certificates_by_agent ON certificates (agent_id);
CREATE TABLE activity (
  id @id@,
  exchange_id TEXT NOT NULL UNIQUE,
  time_ms @int@ NOT NULL,
  agent_id TEXT NOT NULL,
  host TEXT NOT NULL,
  record TEXT NOT NULL
);
CREATE INDEX activity_by_time ON activity (time_ms);
CREATE TABLE inventory (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  host TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  first_ms @int@ NOT NULL,
  last_ms @int@ NOT NULL,
  exchanges @int@ NOT NULL,
  input_tokens @int@ NOT NULL,
  output_tokens @int@ NOT NULL,
  PRIMARY KEY (kind, name, host, agent_id)
);
)";

constexpr std::string_view kAccounts = R"(
CREATE TABLE users (
  id @id@,
  username TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  created_ms @int@ NOT NULL
);
CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY,
  user_id @int@ NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  csrf_token TEXT NOT NULL,
  created_ms @int@ NOT NULL,
  expires_ms @int@ NOT NULL
);
CREATE TABLE tokens (
  id @id@,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  created_ms @int@ NOT NULL,
  expires_ms @int@,
  last_used_ms @int@
);
CREATE TABLE audit (
  id @id@,
  time_ms @int@ NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL,
  source TEXT NOT NULL
);
CREATE INDEX audit_by_object ON audit (object, id);
CREATE INDEX audit_by_actor ON audit (actor, id);
)";

// Which alert belongs to which incident stands in a table of its own: correlating rewrites no
// alert. correlation_entities is the memory of correlation, kept as long as its longest window.
constexpr std::string_view kIncidents = R"(
CREATE TABLE incidents (
  id @id@,
  title TEXT NOT NULL,
  title_fixed @int@ NOT NULL DEFAULT 0,
  severity @int@ NOT NULL,
  severity_fixed @int@ NOT NULL DEFAULT 0,
  status @int@ NOT NULL DEFAULT 0,
  classification TEXT,
  assignee TEXT,
  first_ms @int@ NOT NULL,
  last_ms @int@ NOT NULL,
  alert_count @int@ NOT NULL,
  stage @int@ NOT NULL,
  pinned @int@ NOT NULL DEFAULT 0,
  merged_into @int@
);
CREATE INDEX incidents_by_time ON incidents (last_ms, id);
CREATE TABLE incident_alerts (
  alert_id @int@ PRIMARY KEY,
  incident_id @int@ NOT NULL,
  stage @int@ NOT NULL,
  rule TEXT NOT NULL,
  entity_type TEXT NOT NULL,
  entity_value TEXT NOT NULL,
  linked_id @int@ NOT NULL
);
CREATE INDEX incident_alerts_by_incident ON incident_alerts (incident_id, alert_id);
CREATE TABLE correlation_entities (
  type TEXT NOT NULL,
  value TEXT NOT NULL,
  time_ms @int@ NOT NULL,
  alert_id @int@ NOT NULL,
  stage @int@ NOT NULL,
  PRIMARY KEY (type, value, time_ms, alert_id)
);
CREATE INDEX correlation_entities_by_time ON correlation_entities (time_ms);
CREATE TABLE correlation_state (only_row @int@ PRIMARY KEY, last_alert_id @int@ NOT NULL);
INSERT INTO correlation_state (only_row, last_alert_id) VALUES (1, 0);
CREATE TABLE suppressions (
  id @id@,
  alert TEXT NOT NULL,
  host TEXT NOT NULL,
  application TEXT NOT NULL,
  entity_type TEXT NOT NULL,
  entity_value TEXT NOT NULL,
  reason TEXT NOT NULL,
  author TEXT NOT NULL,
  created_ms @int@ NOT NULL,
  expires_ms @int@,
  matched @int@ NOT NULL DEFAULT 0
);
)";

// changes.value numbers the changes of incidents over all replicas: who takes a number holds its
// row until the commit, so numbers appear in order and "change > n" is a cursor that misses
// nothing. An empty password_hash lets nobody in by password: the person comes from an identity
// provider.
constexpr std::string_view kIntegration = R"(
ALTER TABLE users ADD COLUMN must_change @int@ NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN subject TEXT;
CREATE UNIQUE INDEX users_by_subject ON users (subject);
ALTER TABLE tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
CREATE TABLE external_logins (
  state_hash TEXT PRIMARY KEY,
  nonce TEXT NOT NULL,
  verifier TEXT NOT NULL,
  expires_ms @int@ NOT NULL
);
ALTER TABLE incidents ADD COLUMN change @int@ NOT NULL DEFAULT 0;
CREATE INDEX incidents_by_change ON incidents (change, id);
CREATE TABLE changes (only_row @int@ PRIMARY KEY, value @int@ NOT NULL);
INSERT INTO changes (only_row, value) VALUES (1, 0);
CREATE TABLE exports (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  lease_until_ms @int@ NOT NULL,
  last_alert_id @int@ NOT NULL,
  last_change @int@ NOT NULL,
  sent @int@ NOT NULL DEFAULT 0,
  refused @int@ NOT NULL DEFAULT 0,
  last_sent_ms @int@ NOT NULL DEFAULT 0,
  trouble TEXT NOT NULL DEFAULT ''
);
)";

// A policy's id is its version. uses_left lets one enrolment token serve many hosts; such a token
// has the agent id "*".
constexpr std::string_view kPolicies = R"(
CREATE TABLE policies (
  id @id@,
  policy_group TEXT NOT NULL,
  document TEXT NOT NULL,
  comment TEXT NOT NULL,
  author TEXT NOT NULL,
  created_ms @int@ NOT NULL,
  percent @int@ NOT NULL,
  agents TEXT NOT NULL,
  bundle TEXT NOT NULL DEFAULT '',
  signature TEXT NOT NULL DEFAULT ''
);
CREATE INDEX policies_by_group ON policies (policy_group, id);
ALTER TABLE agents ADD COLUMN policy_group TEXT NOT NULL DEFAULT 'default';
ALTER TABLE agents ADD COLUMN policy_version @int@ NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN policy_refused @int@ NOT NULL DEFAULT 0;
ALTER TABLE agents ADD COLUMN policy_trouble TEXT NOT NULL DEFAULT '';
ALTER TABLE enrolments ADD COLUMN uses_left @int@ NOT NULL DEFAULT 1;
UPDATE enrolments SET uses_left = 0 WHERE used_ms IS NOT NULL;
)";

// Every field that a list of alerts can be filtered by has an index, or a value that is rare would
// cost a walk through all alerts.
constexpr std::string_view kListIndexes = R"(
CREATE INDEX alerts_by_agent ON alerts (agent_id, time_ms, id);
CREATE INDEX alerts_by_model ON alerts (model, time_ms, id);
CREATE INDEX alerts_by_provider ON alerts (provider, time_ms, id);
CREATE INDEX alerts_by_zone ON alerts (zone, time_ms, id);
CREATE INDEX alerts_by_assignee ON alerts (assignee, time_ms, id) WHERE assignee IS NOT NULL;
)";

// One row for each application of each host that used a key (key_uses.h).
constexpr std::string_view kKeyUses = R"(
CREATE TABLE key_uses (
  fingerprint TEXT NOT NULL,
  application TEXT NOT NULL,
  host TEXT NOT NULL,
  first_ms @int@ NOT NULL,
  PRIMARY KEY (fingerprint, application, host)
);
)";

constexpr auto kSteps = std::to_array<SchemaStep>({
    {kAlerts, kSearchSqlite, kSearchPostgres},
    {kFleet, "", ""},
    {kAccounts, "", ""},
    {kIncidents, "", ""},
    {kIntegration, "", ""},
    {kPolicies, "", ""},
    {kListIndexes, "", ""},
    {"", "", kKeyPostgres},
    {kBounded, "", ""},
    {kUids, kUidsSqlite, kUidsPostgres},
    {"", "", kPartitionsPostgres},
    {kKeyUses, "", ""},
    {kOverview, "", ""},
});

}  // namespace

std::span<const SchemaStep> schema_steps() { return kSteps; }

}  // namespace sonde::store
