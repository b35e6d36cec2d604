// The JSON of a sonde_container_record: what a cgroup is, in the event stream.
//   {"cgroup": "/kubepods/...", "container": {"id", "name", "image", "runtime"},
//    "k8s": {"namespace", "pod", "container", "node", "pod_uid", "labels": {}}}
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/app/identity/identity.h"

namespace sonde::app {

std::string identity_to_json(const std::string& cgroup, const Identity& identity);

// The cgroup and what it is; nullopt when the text is no such record.
std::optional<std::pair<std::string, Identity>> identity_from_json(std::string_view text);

}  // namespace sonde::app
