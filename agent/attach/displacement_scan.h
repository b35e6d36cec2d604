// The inner loop of a pass over x86-64 code: at which of its bytes does a 32-bit field stand that,
// taken as a distance or as an address, leads into a span? Vectorised; the opcode before the field
// is the caller's to check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/base/bytes.h"

namespace sonde::attach {

// Spans of addresses, by their low 32 bits.
struct DisplacementSpan {
  uint32_t low = 0;
  uint32_t size = 0;  // 0: nothing is sought
};

struct DisplacementQuery {
  uint32_t address = 0;       // low 32 bits of the address of the first byte
  DisplacementSpan relative;  // where (address behind the field) + field must lead
  DisplacementSpan absolute;  // where the field itself must lead
};

// Appends the index of every such field to `out`. Fields that end behind `code` are not found.
void find_displacements(Bytes code, const DisplacementQuery& query, std::vector<uint32_t>& out);

}  // namespace sonde::attach
