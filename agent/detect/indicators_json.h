// Reads indicators out of STIX 2.1 bundles and MISP events. Pure but for what it adds to the set.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/detect/indicators.h"

namespace sonde::detect {

// STIX: comparison expressions on url, domain-name, ipv4-addr and ipv6-addr in the patterns of
// indicators that are not revoked (STIX 2.1, 4.7 and 9). MISP: attributes of type url, uri, domain,
// hostname, ip-src, ip-dst and their pairs with ports, marked for detection or not marked at all.
Status add_json_indicators(std::string_view text, IndicatorSet& set);

// [url:value = 'http://x'] OR [domain-name:value = 'y']: every quoted value behind a known path,
// where the pattern asks for equality.
std::vector<std::string> values_of_stix_pattern(std::string_view pattern);

}  // namespace sonde::detect
