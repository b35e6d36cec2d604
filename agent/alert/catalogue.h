// What a person reads of each alert: its title, and what to do about it.
#pragma once

#include <string_view>

namespace sonde::alert {

struct CatalogueEntry {
  std::string_view name;  // "credential.response"
  std::string_view title;
  std::string_view remediation;
};

// The entry of an alert name. A name of a user's rule (custom.*) or of a newer detector gets the
// entry of the longest known prefix, else a general one whose name is empty.
const CatalogueEntry& catalogue_entry(std::string_view alert);

}  // namespace sonde::alert
