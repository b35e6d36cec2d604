// Any bytes as what runtimes, the kubelet and /proc say of a container, by the first byte.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/app/identity/identity_json.h"
#include "agent/app/identity/pod_list.h"
#include "agent/app/identity/runtime_records.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sonde::app;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  RuntimeFacts facts;
  const auto membership = sonde::attach::parse_cgroups(text);
  if (!membership.container_id.empty() && membership.container_id.size() != 64) std::abort();
  switch (data[0] % 6) {
    case 0:
      read_docker_config(text, facts);
      break;
    case 1:
      read_bundle_config(text, facts);
      break;
    case 2:
      read_storage_list(text, "6555", facts);
      break;
    case 3:
      read_runc_state(text, facts);
      break;
    case 4:
      if (const auto list = PodList::parse(text); list.ok()) {
        Identity identity;
        list->complete(membership, identity);
        if (!identity_from_json(identity_to_json("/x", identity))) std::abort();
      }
      break;
    default:
      identity_from_json(text);
  }
  return 0;
}
