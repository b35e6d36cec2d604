// The alert `access.key_reuse` as the collector makes it, in the form of docs/alert.schema.json.
#pragma once

#include <span>
#include <string_view>

#include "collector/store/key_uses.h"

namespace sonde::store {

struct KeyReuseFinding {
  KeyReuse reuse = KeyReuse::kNone;
  std::string_view fingerprint;
  std::span<const KeyUse> before;
  const KeyUse& now;
};

// `activity` is the exchange in which the new use was seen. The uid follows from the use, so that
// the same use is never told twice.
Result<NewAlert> make_key_reuse_alert(const KeyReuseFinding& finding, const Activity& activity);

}  // namespace sonde::store
