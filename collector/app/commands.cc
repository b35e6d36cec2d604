#include "collector/app/commands.h"

#include <algorithm>
#include <fstream>
#include <iostream>

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include "collector/api/service.h"
#include "collector/app/command_parts.h"
#include "collector/store/accounts.h"
#include "collector/store/fleet.h"

namespace sonde::collector {
namespace {

constexpr int64_t kHourMs = 3'600'000;

// Switches the terminal's echo off while it lives.
class NoEcho {
 public:
  NoEcho() {
    active_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (active_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (active_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool active_ = false;
};

// Never an argument of the command: those show in the list of processes.
Result<std::string> read_password(const std::string& file) {
  std::string password;
  if (!file.empty() && file != "-") {
    std::ifstream in(file);
    if (!in || !std::getline(in, password)) {
      return fail(fmt::format("cannot read a password from '{}'", file));
    }
    return password;
  }
  const bool ask = ::isatty(STDIN_FILENO) == 1;
  if (ask) std::cerr << "Password (12 characters or more): " << std::flush;
  {
    const NoEcho quiet;
    std::getline(std::cin, password);
  }
  if (ask) std::cerr << '\n';
  return password;
}

Status unknown(const std::string& kind, const std::string& name) {
  return fail(fmt::format("there is no {} '{}'", kind, name));
}

}  // namespace

Status user_add(const Config& config, const std::string& name, const std::string& role_name,
                const std::string& password_file) {
  const auto role = store::role_from(role_name);
  if (!role || *role == store::Role::kAgent) {
    return fail("the role must be viewer, analyst or admin");
  }
  const auto password = read_password(password_file);
  if (!password.ok()) return tl::unexpected<Error>(password.error());
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const auto user = store::AccountStore(**pool).add_user(name, *role, *password, wall_ms());
  if (!user.ok()) return tl::unexpected<Error>(user.error());
  fmt::print("user {} added, role {}\n", name, role_name);
  return audit(**pool, "user.add", name);
}

Status user_list(const Config& config) {
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const auto users = store::AccountStore(**pool).users();
  if (!users.ok()) return tl::unexpected<Error>(users.error());
  fmt::print("{:<32} {:<8} {}\n", "USERNAME", "ROLE", "CREATED");
  for (const store::User& user : *users) {
    fmt::print("{:<32} {:<8} {}\n", user.username, store::to_string(user.role),
               when(user.created_ms));
  }
  return {};
}

Status user_remove(const Config& config, const std::string& name) {
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const auto removed = store::AccountStore(**pool).remove_user(name);
  if (!removed.ok()) return tl::unexpected<Error>(removed.error());
  if (!*removed) return unknown("user", name);
  fmt::print("user {} removed\n", name);
  return audit(**pool, "user.remove", name);
}

Status user_password(const Config& config, const std::string& name,
                     const std::string& password_file) {
  const auto password = read_password(password_file);
  if (!password.ok()) return tl::unexpected<Error>(password.error());
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const auto changed = store::AccountStore(**pool).set_password(name, *password);
  if (!changed.ok()) return tl::unexpected<Error>(changed.error());
  if (!*changed) return unknown("user", name);
  fmt::print("password of {} changed; open sessions ended\n", name);
  return audit(**pool, "user.password", name);
}

Status token_create(const Config& config, const std::string& name, const std::string& role_name,
                    int64_t days, const std::vector<std::string>& scopes) {
  const auto unknown = std::find_if_not(scopes.begin(), scopes.end(), api::is_area);
  if (unknown != scopes.end()) {
    return fail(fmt::format("'{}' is no area of the API: see the scopes in docs/API.md", *unknown));
  }
  const auto role = store::role_from(role_name);
  if (!role) return fail("the role must be viewer, analyst, admin or agent");
  if (*role == store::Role::kAgent && !store::agent_id_problem(name).empty()) {
    return fail(store::agent_id_problem(name));
  }
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const int64_t now = wall_ms();
  const auto expires = days > 0 ? std::optional(now + days * 24 * kHourMs) : std::nullopt;
  const auto created = store::AccountStore(**pool).create_token(name, *role, now, expires, scopes);
  if (!created.ok()) return tl::unexpected<Error>(created.error());
  // The secret alone on stdout, so that a script can take it.
  std::cerr << fmt::format("token {} for '{}', role {}; it is shown this once:\n",
                           created->token.id, name, role_name);
  fmt::print("{}\n", created->secret);
  return audit(**pool, "token.create", std::to_string(created->token.id));
}

Status token_list(const Config& config) {
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const auto tokens = store::AccountStore(**pool).tokens();
  if (!tokens.ok()) return tl::unexpected<Error>(tokens.error());
  fmt::print("{:<6} {:<32} {:<8} {:<21} {}\n", "ID", "NAME", "ROLE", "EXPIRES", "LAST USED");
  for (const store::Token& token : *tokens) {
    fmt::print("{:<6} {:<32} {:<8} {:<21} {}\n", token.id, token.name, store::to_string(token.role),
               when(token.expires_ms.value_or(0)), when(token.last_used_ms.value_or(0)));
  }
  return {};
}

Status token_revoke(const Config& config, int64_t id) {
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const auto revoked = store::AccountStore(**pool).revoke_token(id);
  if (!revoked.ok()) return tl::unexpected<Error>(revoked.error());
  if (!*revoked) return unknown("token", std::to_string(id));
  fmt::print("token {} revoked\n", id);
  return audit(**pool, "token.revoke", std::to_string(id));
}

Status agent_enrol(const Config& config, const std::string& agent_id, int64_t hours) {
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const int64_t now = wall_ms();
  const auto secret =
      store::FleetStore(**pool).create_enrolment(agent_id, now, now + hours * kHourMs);
  if (!secret.ok()) return tl::unexpected<Error>(secret.error());
  std::cerr << fmt::format("one-time enrolment token for agent '{}', valid {} h:\n", agent_id,
                           hours);
  fmt::print("{}\n", *secret);
  return audit(**pool, "agent.enrol", agent_id);
}

Status agent_invite(const Config& config, int64_t uses, int64_t days) {
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const int64_t now = wall_ms();
  const auto secret =
      store::FleetStore(**pool).create_shared_enrolment(uses, now, now + days * 24 * kHourMs);
  if (!secret.ok()) return tl::unexpected<Error>(secret.error());
  std::cerr << fmt::format("enrolment token for {} agents, valid {} days:\n", uses, days);
  fmt::print("{}\n", *secret);
  return audit(**pool, "agent.enrol", "*");
}

Status agent_list(const Config& config) {
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const auto agents = store::FleetStore(**pool).agents();
  if (!agents.ok()) return tl::unexpected<Error>(agents.error());
  fmt::print("{:<32} {:<24} {:<10} {:<21} {}\n", "AGENT", "HOST", "VERSION", "LAST SEEN", "STATE");
  for (const store::Agent& agent : *agents) {
    fmt::print("{:<32} {:<24} {:<10} {:<21} {}\n", agent.agent_id, agent.hostname, agent.version,
               when(agent.last_seen_ms), agent.revoked_ms ? "revoked" : "active");
  }
  return {};
}

Status agent_revoke(const Config& config, const std::string& agent_id) {
  if (const std::string problem = store::agent_id_problem(agent_id); !problem.empty()) {
    return fail(problem);
  }
  auto pool = open_store(config);
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());
  const auto known = store::FleetStore(**pool).revoke(agent_id, wall_ms());
  if (!known.ok()) return tl::unexpected<Error>(known.error());
  fmt::print("agent {} revoked{}\n", agent_id, *known ? "" : " (it was never seen here)");
  return audit(**pool, "agent.revoke", agent_id);
}

}  // namespace sonde::collector
