// People who come from an identity provider: logins under way, and the accounts they lead to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "collector/store/accounts.h"
#include "collector/store/pool.h"

namespace sonde::store {

// What must come back with, or be proved by, the provider's answer. In the store, so that another
// replica may receive it.
struct PendingLogin {
  std::string nonce;     // of the ID token
  std::string verifier;  // of PKCE (RFC 7636)
};

class ExternalLoginStore {
 public:
  explicit ExternalLoginStore(Pool& pool) : pool_(pool) {}

  Status begin(std::string_view state, const PendingLogin& pending, int64_t expires_ms);
  // Once; nullopt for a state that is unknown, used or too old.
  Result<std::optional<PendingLogin>> take(std::string_view state, int64_t now_ms);

  // The account of `subject` (issuer and subject of the provider), made at the first login under
  // `wanted_name` or, where that is taken, a name like it. The role is the provider's each time.
  Result<User> account_of(std::string_view subject, std::string_view wanted_name, Role role,
                          int64_t now_ms);

 private:
  Pool& pool_;
};

}  // namespace sonde::store
