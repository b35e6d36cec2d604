#include "collector/store/key_uses.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

#include "collector/store/key_reuse_alert.h"

namespace sonde::store {
namespace {

constexpr size_t kUsesOfKey = 64;
constexpr int64_t kSettledMs = 24 * 3'600'000LL;

std::string_view used(const Activity& activity, std::string_view kind) {
  for (const Usage& use : activity.uses) {
    if (use.kind == kind) return use.name;
  }
  return {};
}

// Two replicas must not take the first two uses of a key at once, each seeing none before its own.
Status lock_key(sql::Connection& connection, std::string_view fingerprint) {
  if (connection.dialect() == sql::Dialect::kSqlite) return {};
  const auto locked =
      connection.query("SELECT pg_advisory_xact_lock(hashtext($1)::bigint)", {fingerprint});
  if (!locked.ok()) return tl::unexpected<Error>(locked.error());
  return {};
}

Result<std::vector<KeyUse>> uses_of(sql::Connection& connection, std::string_view fingerprint) {
  const auto rows = connection.query(
      "SELECT application, host, first_ms FROM key_uses WHERE fingerprint = $1", {fingerprint});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<KeyUse> uses;
  uses.reserve(rows->size());
  for (const sql::Row& row : *rows) uses.push_back({row.text(0), row.text(1), row.integer(2)});
  return uses;
}

bool holds(std::span<const KeyUse> uses, const KeyUse& one) {
  return std::any_of(uses.begin(), uses.end(), [&](const KeyUse& use) {
    return use.application == one.application && use.host == one.host;
  });
}

// What came of one use; nothing where it is known already.
Result<std::optional<NewAlert>> note(sql::Connection& connection, std::string_view fingerprint,
                                     const KeyUse& use, const Activity& activity) {
  // Most uses are known: no lock for them.
  auto before = uses_of(connection, fingerprint);
  if (!before.ok()) return tl::unexpected<Error>(before.error());
  if (holds(*before, use) || before->size() >= kUsesOfKey) return std::optional<NewAlert>();
  if (const Status locked = lock_key(connection, fingerprint); !locked.ok()) {
    return tl::unexpected<Error>(locked.error());
  }
  before = uses_of(connection, fingerprint);
  if (!before.ok()) return tl::unexpected<Error>(before.error());
  if (holds(*before, use)) return std::optional<NewAlert>();
  const auto noted = connection.execute(
      "INSERT INTO key_uses (fingerprint, application, host, first_ms) VALUES ($1, $2, $3, $4)",
      {fingerprint, std::string_view(use.application), std::string_view(use.host), use.first_ms});
  if (!noted.ok()) return tl::unexpected<Error>(noted.error());
  const KeyReuse reuse = judge_key_use(*before, use);
  if (reuse == KeyReuse::kNone) return std::optional<NewAlert>();
  auto alert = make_key_reuse_alert({reuse, fingerprint, *before, use}, activity);
  if (!alert.ok()) return tl::unexpected<Error>(alert.error());
  return std::optional(std::move(*alert));
}

}  // namespace

KeyReuse judge_key_use(std::span<const KeyUse> before, const KeyUse& now) {
  if (before.empty()) return KeyReuse::kNone;
  bool known_application = false;
  bool one_host = true;
  int64_t since = now.first_ms;
  for (const KeyUse& use : before) {
    if (use.host == now.host) return KeyReuse::kNone;
    known_application = known_application || use.application == now.application;
    one_host = one_host && use.host == before.front().host;
    since = std::min(since, use.first_ms);
  }
  if (!known_application) return KeyReuse::kApplications;
  return one_host && now.first_ms - since >= kSettledMs ? KeyReuse::kHosts : KeyReuse::kNone;
}

Result<std::vector<NewAlert>> note_key_uses(sql::Connection& connection,
                                            std::span<const Activity* const> activities) {
  // In this order every replica takes its locks.
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, const Activity*> first;
  for (const Activity* activity : activities) {
    const std::string_view key = used(*activity, "key");
    if (key.empty()) continue;
    const auto [found, added] =
        first.try_emplace({key, used(*activity, "application"), activity->host}, activity);
    if (!added && activity->time_ms < found->second->time_ms) found->second = activity;
  }
  std::vector<NewAlert> alerts;
  for (const auto& [use, activity] : first) {
    const auto& [key, application, host] = use;
    auto alert =
        note(connection, key,
             {std::string(application), std::string(host), std::max<int64_t>(activity->time_ms, 0)},
             *activity);
    if (!alert.ok()) return tl::unexpected<Error>(alert.error());
    if (*alert) alerts.push_back(std::move(**alert));
  }
  return alerts;
}

}  // namespace sonde::store
