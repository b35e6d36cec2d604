// The field of GHASH, GF(2^128), as NIST SP 800-38D, 6.3 and 6.4 define it: enough to undo a hash
// of one block. Not in constant time: whoever could measure it here can read the key as well.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sonde::capture {

using Block = std::array<uint8_t, 16>;

// Coefficients in the order of the standard: bit 0 is the highest of `high`.
struct FieldElement {
  uint64_t high = 0;
  uint64_t low = 0;

  bool operator==(const FieldElement&) const = default;
};

FieldElement to_element(const Block& block);
Block to_block(const FieldElement& element);

FieldElement add(const FieldElement& a, const FieldElement& b);
FieldElement multiply(const FieldElement& a, const FieldElement& b);
// a^-1; 0 of 0.
FieldElement invert(const FieldElement& a);

}  // namespace sonde::capture
