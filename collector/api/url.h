// Targets of requests: paths, queries, percent encoding (RFC 3986). Hostile input.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::api {

// nullopt for a broken escape, for U+0000, and for what is no UTF-8 afterwards. `plus` turns '+'
// into a space, as forms do.
std::optional<std::string> percent_decode(std::string_view text, bool plus);

using Query = std::vector<std::pair<std::string, std::string>>;

// "a=1&b=2"; nullopt where a part cannot be decoded or there are more than 128.
std::optional<Query> parse_query(std::string_view text);

}  // namespace sonde::api
