// The inner loop of a pass over x86-64 code: at which of its bytes does a 32-bit field stand that,
// taken as a distance or as an address, leads into a span? Vectorised; the opcode before the field
// is the caller's to check.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/base/bytes.h"

namespace sonde::attach {

// A span of addresses, by their low 32 bits.
struct DisplacementSpan {
  uint32_t low = 0;
  uint32_t size = 0;
};

struct DisplacementQuery {
  // More spans cost more per byte; wider ones cost more per false hit.
  static constexpr size_t kMaxSpans = 4;

  uint32_t address = 0;  // low 32 bits of the address of the first byte
  std::array<DisplacementSpan, kMaxSpans> spans{};
  size_t span_count = 0;
  bool absolute = false;  // the field itself may be an address, too
};

// Appends the index of every such field to `out`. Fields that end behind `code` are not found.
void find_displacements(Bytes code, const DisplacementQuery& query, std::vector<uint32_t>& out);

}  // namespace sonde::attach
