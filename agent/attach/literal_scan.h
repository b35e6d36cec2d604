// Where do these byte strings stand in a file? One pass for all of them, by
// Hyperscan's literal matcher.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "agent/attach/elf_image.h"

namespace sonde::attach {

struct LiteralHit {
  size_t literal = 0;  // index into the list searched for
  uint64_t address = 0;

  auto operator<=>(const LiteralHit&) const = default;
};

// Searches these parts of the file. Sorted, each hit once; at most limits().references of them.
// Literals may hold NUL and must be at most 256 bytes long.
std::vector<LiteralHit> find_literals(const ElfImage& image, std::span<const Segment> where,
                                      std::span<const std::string_view> literals);

}  // namespace sonde::attach
