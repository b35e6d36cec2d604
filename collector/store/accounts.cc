#include "collector/store/accounts.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "collector/store/secrets.h"

namespace sonde::store {
namespace {

constexpr auto kRoles = std::to_array<std::pair<Role, std::string_view>>({
    {Role::kViewer, "viewer"},
    {Role::kAnalyst, "analyst"},
    {Role::kAdmin, "admin"},
    {Role::kAgent, "agent"},
});

std::optional<int64_t> nullable(const sql::Row& row, size_t column) {
  if (row.is_null(column)) return std::nullopt;
  return row.integer(column);
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t space = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

Token read_token(const sql::Row& row) {
  return {row.integer(0),          row.text(1),      role_from(row.text(2)).value_or(Role::kViewer),
          row.integer(3),          nullable(row, 4), nullable(row, 5),
          split_words(row.text(6))};
}

constexpr std::string_view kTokenColumns =
    "id, name, role, created_ms, expires_ms, last_used_ms, scopes";

}  // namespace

std::string_view to_string(Role role) {
  for (const auto& [value, name] : kRoles) {
    if (value == role) return name;
  }
  return "viewer";
}

std::optional<Role> role_from(std::string_view text) {
  for (const auto& [value, name] : kRoles) {
    if (name == text) return value;
  }
  return std::nullopt;
}

User read_user_row(const sql::Row& row) {
  return {row.integer(0), row.text(1), role_from(row.text(2)).value_or(Role::kViewer),
          row.integer(3), row.integer(4) != 0};
}

std::string username_problem(std::string_view username) {
  const bool plain = std::all_of(username.begin(), username.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '@';
  });
  if (username.empty() || username.size() > 128 || !plain) {
    return "a username has 1 to 128 letters, digits or . _ - @";
  }
  return {};
}

std::string password_problem(std::string_view password) {
  // NIST SP 800-63B: length is what counts; no rules about kinds of characters.
  if (password.size() < 12) return "a password needs at least 12 characters";
  if (password.size() > 1024) return "a password has at most 1024 bytes";
  return {};
}

Result<User> AccountStore::add_user(std::string_view username, Role role, std::string_view password,
                                    int64_t now_ms, bool must_change) {
  for (const std::string& problem : {username_problem(username), password_problem(password)}) {
    if (!problem.empty()) return fail(problem);
  }
  const auto hash = hash_password(password);
  if (!hash.ok()) return tl::unexpected<Error>(hash.error());
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "INSERT INTO users (username, role, password_hash, created_ms, must_change) "
      "VALUES ($1, $2, $3, $4, $5) RETURNING id",
      {username, to_string(role), std::string_view(*hash), now_ms, int64_t{must_change}});
  if (!rows.ok() && rows.error().code == sql::kConstraint) {
    return fail(fmt::format("there is a user '{}' already", username), sql::kConstraint);
  }
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  return User{rows->front().integer(0), std::string(username), role, now_ms, must_change};
}

Result<bool> AccountStore::set_password(std::string_view username, std::string_view password,
                                        bool must_change) {
  if (const std::string problem = password_problem(password); !problem.empty()) {
    return fail(problem);
  }
  const auto hash = hash_password(password);
  if (!hash.ok()) return tl::unexpected<Error>(hash.error());
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto ended = (*lease)->execute(
      "DELETE FROM sessions WHERE user_id IN (SELECT id FROM users WHERE username = $1)",
      {username});
  if (!ended.ok()) return tl::unexpected<Error>(ended.error());
  const auto changed =
      (*lease)->execute("UPDATE users SET password_hash = $1, must_change = $2 WHERE username = $3",
                        {std::string_view(*hash), int64_t{must_change}, username});
  if (!changed.ok()) return tl::unexpected<Error>(changed.error());
  return *changed > 0;
}

Result<bool> AccountStore::set_role(std::string_view username, Role role) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto changed = (*lease)->execute("UPDATE users SET role = $1 WHERE username = $2",
                                         {to_string(role), username});
  if (!changed.ok()) return tl::unexpected<Error>(changed.error());
  return *changed > 0;
}

Result<bool> AccountStore::remove_user(std::string_view username) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto removed = (*lease)->execute("DELETE FROM users WHERE username = $1", {username});
  if (!removed.ok()) return tl::unexpected<Error>(removed.error());
  return *removed > 0;
}

Result<std::vector<User>> AccountStore::users() const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows =
      (*lease)->query(fmt::format("SELECT {} FROM users u ORDER BY u.username", kUserColumns));
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<User> users;
  for (const sql::Row& row : *rows) users.push_back(read_user_row(row));
  return users;
}

Result<std::optional<User>> AccountStore::check_password(std::string_view username,
                                                         std::string_view password) const {
  std::string hash = decoy_password_hash();
  std::optional<User> user;
  {
    auto lease = pool_.read();
    if (!lease.ok()) return tl::unexpected<Error>(lease.error());
    const auto rows = (*lease)->query(
        fmt::format("SELECT {}, u.password_hash FROM users u WHERE u.username = $1", kUserColumns),
        {username});
    if (!rows.ok()) return tl::unexpected<Error>(rows.error());
    // Someone who comes from an identity provider has no hash, and is refused like a stranger.
    if (!rows->empty() && !rows->front().text(5).empty()) {
      user = read_user_row(rows->front());
      hash = rows->front().text(5);
    }
  }
  if (!verify_password(hash, password)) user.reset();
  return user;
}

Result<NewSession> AccountStore::open_session(const User& user, int64_t now_ms,
                                              int64_t lifetime_ms) {
  NewSession opened{{user, random_secret(), now_ms + lifetime_ms}, random_secret()};
  const std::string hash = sha256_hex(opened.secret);
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto added = (*lease)->execute(
      "INSERT INTO sessions (token_hash, user_id, csrf_token, created_ms, expires_ms) "
      "VALUES ($1, $2, $3, $4, $5)",
      {std::string_view(hash), user.id, std::string_view(opened.session.csrf_token), now_ms,
       opened.session.expires_ms});
  if (!added.ok()) return tl::unexpected<Error>(added.error());
  return opened;
}

Result<std::optional<Session>> AccountStore::find_session(std::string_view secret,
                                                          int64_t now_ms) const {
  const std::string hash = sha256_hex(secret);
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(fmt::format("SELECT {}, s.csrf_token, s.expires_ms "
                                                "FROM sessions s JOIN users u ON u.id = s.user_id "
                                                "WHERE s.token_hash = $1 AND s.expires_ms > $2",
                                                kUserColumns),
                                    {std::string_view(hash), now_ms});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<Session>();
  const sql::Row& row = rows->front();
  return std::optional<Session>({read_user_row(row), row.text(5), row.integer(6)});
}

Result<bool> AccountStore::close_session(std::string_view secret) {
  const std::string hash = sha256_hex(secret);
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto removed =
      (*lease)->execute("DELETE FROM sessions WHERE token_hash = $1", {std::string_view(hash)});
  if (!removed.ok()) return tl::unexpected<Error>(removed.error());
  return *removed > 0;
}

Result<NewToken> AccountStore::create_token(std::string_view name, Role role, int64_t now_ms,
                                            std::optional<int64_t> expires_ms,
                                            std::vector<std::string> scopes) {
  if (name.empty() || name.size() > 128) return fail("a token's name has 1 to 128 bytes");
  // The prefix lets secret scanners, our own among them, recognise a leaked one.
  NewToken created{
      {0, std::string(name), role, now_ms, expires_ms, std::nullopt, std::move(scopes)},
      "sonde_" + random_secret()};
  const std::string areas = fmt::format("{}", fmt::join(created.token.scopes, " "));
  const std::string hash = sha256_hex(created.secret);
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(
      "INSERT INTO tokens (name, role, token_hash, created_ms, expires_ms, scopes) "
      "VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
      {name, to_string(role), std::string_view(hash), now_ms,
       expires_ms ? sql::Param(*expires_ms) : sql::Param(nullptr), std::string_view(areas)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  created.token.id = rows->front().integer(0);
  return created;
}

Result<std::vector<Token>> AccountStore::tokens() const {
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows =
      (*lease)->query(fmt::format("SELECT {} FROM tokens ORDER BY id", kTokenColumns));
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  std::vector<Token> tokens;
  for (const sql::Row& row : *rows) tokens.push_back(read_token(row));
  return tokens;
}

Result<bool> AccountStore::revoke_token(int64_t id) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto removed = (*lease)->execute("DELETE FROM tokens WHERE id = $1", {id});
  if (!removed.ok()) return tl::unexpected<Error>(removed.error());
  return *removed > 0;
}

Result<std::optional<Token>> AccountStore::find_token(std::string_view secret,
                                                      int64_t now_ms) const {
  const std::string hash = sha256_hex(secret);
  auto lease = pool_.read();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto rows = (*lease)->query(fmt::format("SELECT {} FROM tokens WHERE token_hash = $1 AND "
                                                "(expires_ms IS NULL OR expires_ms > $2)",
                                                kTokenColumns),
                                    {std::string_view(hash), now_ms});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  if (rows->empty()) return std::optional<Token>();
  return std::optional<Token>(read_token(rows->front()));
}

Status AccountStore::note_token_use(int64_t id, int64_t now_ms) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  const auto noted =
      (*lease)->execute("UPDATE tokens SET last_used_ms = $1 WHERE id = $2", {now_ms, id});
  if (!noted.ok()) return tl::unexpected<Error>(noted.error());
  return {};
}

Status AccountStore::remove_expired(int64_t now_ms) {
  auto lease = pool_.write();
  if (!lease.ok()) return tl::unexpected<Error>(lease.error());
  for (const std::string_view statement :
       {"DELETE FROM sessions WHERE expires_ms <= $1", "DELETE FROM tokens WHERE expires_ms <= $1",
        "DELETE FROM enrolments WHERE expires_ms <= $1",
        "DELETE FROM external_logins WHERE expires_ms <= $1"}) {
    const auto removed = (*lease)->execute(statement, {now_ms});
    if (!removed.ok()) return tl::unexpected<Error>(removed.error());
  }
  return {};
}

}  // namespace sonde::store
