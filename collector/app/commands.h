// The administrator's commands: users, tokens, agents. They work on the store directly, so they
// need no running collector, and the right to read its configuration.
#pragma once

#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/app/config.h"

namespace sonde::collector {

Status user_add(const Config& config, const std::string& name, const std::string& role,
                const std::string& password_file);
Status user_list(const Config& config);
Status user_remove(const Config& config, const std::string& name);
Status user_password(const Config& config, const std::string& name,
                     const std::string& password_file);
Status token_create(const Config& config, const std::string& name, const std::string& role,
                    int64_t days, const std::vector<std::string>& scopes);
Status token_list(const Config& config);
Status token_revoke(const Config& config, int64_t id);
Status agent_enrol(const Config& config, const std::string& agent_id, int64_t hours);
// A token with which `uses` agents can enrol, each under the id it asks for.
Status agent_invite(const Config& config, int64_t uses, int64_t days);
Status agent_list(const Config& config);
Status agent_revoke(const Config& config, const std::string& agent_id);

}  // namespace sonde::collector
