// The part of the envelope reader that understands OCSF. Only for .cc files of the store.
#pragma once

#include "collector/store/envelope.h"
#include "collector/store/json_read.h"

namespace sonde::store {

// `object` is an OCSF Detection Finding (class 2004); `raw` its JSON as sent.
Result<NewAlert> read_alert(json::element object, std::string_view raw, std::string_view sender,
                            const EnvelopeLimits& limits);

}  // namespace sonde::store
