// From text to fields: one YAML document, or one text for one key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/config/fields.h"
#include "agent/config/problems.h"

namespace YAML {
class Node;
}

namespace sonde::config {

inline constexpr size_t kFileBytes = 1 << 20;

// Sets what the mapping `section` sets, of a document that is called `name`.
void read_document_section(const YAML::Node& section, const std::string& name,
                           std::vector<Field>& fields, Problems& problems);

// Sets what the document sets and leaves the rest; a list replaces what was there. Problems and
// origins say NAME:LINE.
void read_document(const std::string& text, const std::string& name, std::vector<Field>& fields,
                   Problems& problems);

// The whole value of one field, elements of a list separated by commas.
void read_value(Field& field, std::string_view text, const std::string& origin, Problems& problems);

}  // namespace sonde::config
