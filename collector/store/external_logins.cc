#include "collector/store/external_logins.h"

#include <fmt/format.h>

#include "collector/store/secrets.h"

namespace sonde::store {
namespace {

constexpr int kNameAttempts = 20;

// What of `wanted` may stand in a user name.
std::string usable_name(std::string_view wanted) {
  std::string name;
  for (const char c : wanted.substr(0, 100)) {
    name += username_problem(std::string_view(&c, 1)).empty() ? c : '-';
  }
  return name.empty() ? "user" : name;
}

Result<std::optional<User>> find_subject(sql::Connection& connection, std::string_view subject) {
  const auto rows = connection.query(
      fmt::format("SELECT {} FROM users u WHERE u.subject = $1", kUserColumns), {subject});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<User>();
  return std::optional(read_user_row(rows->front()));
}

}  // namespace

Status ExternalLoginStore::begin(std::string_view state, const PendingLogin& pending,
                                 int64_t expires_ms) {
  const std::string hash = sha256_hex(state);
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto added = (*lease)->execute(
      "INSERT INTO external_logins (state_hash, nonce, verifier, expires_ms) "
      "VALUES ($1, $2, $3, $4)",
      {std::string_view(hash), std::string_view(pending.nonce), std::string_view(pending.verifier),
       expires_ms});
  if (!added.ok()) return tl::unexpected<Error>(added.error());
  return {};
}

Result<std::optional<PendingLogin>> ExternalLoginStore::take(std::string_view state,
                                                             int64_t now_ms) {
  const std::string hash = sha256_hex(state);
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "DELETE FROM external_logins WHERE state_hash = $1 RETURNING nonce, verifier, expires_ms",
      {std::string_view(hash)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty() || rows->front().integer(2) <= now_ms) return std::optional<PendingLogin>();
  return std::optional(PendingLogin{rows->front().text(0), rows->front().text(1)});
}

Result<User> ExternalLoginStore::account_of(std::string_view subject, std::string_view wanted_name,
                                            Role role, int64_t now_ms) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  sql::Connection& connection = **lease;
  const std::string wanted = usable_name(wanted_name);
  for (int attempt = 0; attempt < kNameAttempts; ++attempt) {
    const auto changed = connection.execute("UPDATE users SET role = $1 WHERE subject = $2",
                                            {to_string(role), subject});
    if (!changed.ok()) return tl::unexpected<Error>(changed.error());
    const auto known = find_subject(connection, subject);
    if (!known.ok()) return tl::unexpected<Error>(known.error());
    if (*known) return **known;
    const std::string name = attempt == 0 ? wanted : fmt::format("{}-{}", wanted, attempt + 1);
    // Nothing happens where the name is taken, or another replica made the account just now.
    const auto added = connection.execute(
        "INSERT INTO users (username, role, password_hash, created_ms, subject) "
        "VALUES ($1, $2, '', $3, $4) ON CONFLICT DO NOTHING",
        {std::string_view(name), to_string(role), now_ms, subject});
    if (!added.ok()) return tl::unexpected<Error>(added.error());
    if (*added > 0) --attempt;  // the next round reads it
  }
  return fail(fmt::format("no user name like '{}' is free", wanted));
}

}  // namespace sonde::store
