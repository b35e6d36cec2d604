// Contact data that tells of a person, by its context: a single e-mail address says little; a phone
// number or a home that is named as somebody's, or two kinds of contact together, do.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "agent/detect/personal_data.h"

namespace sonde::detect {

// Those of the contacts among `items` that are a person's by their context. Addresses of examples,
// roles (info@, noreply@) and services (toll-free numbers) are nobody's.
std::vector<PersonalData> contacts_of_persons(std::string_view text,
                                              std::span<const PersonalData> items);

}  // namespace sonde::detect
