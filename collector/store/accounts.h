// Who may ask: users, their sessions, and tokens of programs. Secrets are stored as hashes only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "collector/store/pool.h"

namespace sonde::store {

// Viewer, analyst and admin contain one another; agent may deliver and nothing else.
enum class Role { kViewer, kAnalyst, kAdmin, kAgent };

std::string_view to_string(Role role);
std::optional<Role> role_from(std::string_view text);

struct User {
  int64_t id = 0;
  std::string username;
  Role role = Role::kViewer;
  int64_t created_ms = 0;
  bool must_change = false;  // the password was given by someone else
};

struct Session {
  User user;
  std::string csrf_token;
  int64_t expires_ms = 0;
};

struct Token {
  int64_t id = 0;
  std::string name;
  Role role = Role::kViewer;
  int64_t created_ms = 0;
  std::optional<int64_t> expires_ms;
  std::optional<int64_t> last_used_ms;
  // Areas of the API the token is good for (Route::area); empty: all that the role may.
  std::vector<std::string> scopes;
};

// The secret is shown once; the store keeps its hash.
struct NewToken {
  Token token;
  std::string secret;
};
struct NewSession {
  Session session;
  std::string secret;
};

class AccountStore {
 public:
  explicit AccountStore(Pool& pool) : pool_(pool) {}

  // `must_change`: the user may do nothing but choose another password.
  Result<User> add_user(std::string_view username, Role role, std::string_view password,
                        int64_t now_ms, bool must_change = false);
  // Ends the user's sessions too. False where there is no such user.
  Result<bool> set_password(std::string_view username, std::string_view password,
                            bool must_change = false);
  Result<bool> set_role(std::string_view username, Role role);
  Result<bool> remove_user(std::string_view username);
  Result<std::vector<User>> users() const;
  // The user, if the password is right; takes as long where there is no such user.
  Result<std::optional<User>> check_password(std::string_view username,
                                             std::string_view password) const;

  Result<NewSession> open_session(const User& user, int64_t now_ms, int64_t lifetime_ms);
  Result<std::optional<Session>> find_session(std::string_view secret, int64_t now_ms) const;
  Result<bool> close_session(std::string_view secret);

  Result<NewToken> create_token(std::string_view name, Role role, int64_t now_ms,
                                std::optional<int64_t> expires_ms,
                                std::vector<std::string> scopes = {});
  Result<std::vector<Token>> tokens() const;
  Result<bool> revoke_token(int64_t id);
  // Only tokens that are valid at `now_ms`.
  Result<std::optional<Token>> find_token(std::string_view secret, int64_t now_ms) const;
  Status note_token_use(int64_t id, int64_t now_ms);

  // Removes sessions and tokens that ended before `now_ms`.
  Status remove_expired(int64_t now_ms);

 private:
  Pool& pool_;
};

// The columns that read_user_row() expects, of users u.
inline constexpr std::string_view kUserColumns =
    "u.id, u.username, u.role, u.created_ms, u.must_change";
User read_user_row(const sql::Row& row);

// "" if `username` may be one, else why not.
std::string username_problem(std::string_view username);
std::string password_problem(std::string_view password);

}  // namespace sonde::store
