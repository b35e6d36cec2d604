// Every parser gives the same answer however its input is cut, and invents nothing when a part is
// missing. These helpers cut.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace sonde::test {

using Parts = std::vector<std::string_view>;

// Cut points tried at most; longer inputs are cut at evenly spread places and near both ends.
inline constexpr size_t kMaxCuts = 1500;

inline size_t cut_stride(size_t size) { return std::max<size_t>(1, size / kMaxCuts); }

// Equal parts of `part_size` bytes (the last may be shorter).
inline Parts equal_parts(std::string_view whole, size_t part_size) {
  Parts parts;
  for (size_t at = 0; at < whole.size(); at += part_size) {
    parts.push_back(whole.substr(at, part_size));
  }
  return parts;
}

// Calls `check(parts)` with the whole, single bytes, small equal parts, and every cut in two.
template <typename Check>
void for_each_split(std::string_view whole, Check&& check) {
  check(Parts{whole});
  for (const size_t part_size : {1, 2, 3, 5, 7, 16, 61}) check(equal_parts(whole, part_size));
  for (size_t at = 1; at < whole.size(); at += cut_stride(whole.size())) {
    check(Parts{whole.substr(0, at), whole.substr(at)});
  }
}

// Calls `check(prefix)` with every prefix, the empty one and the whole included.
template <typename Check>
void for_each_truncation(std::string_view whole, Check&& check) {
  for (size_t size = 0; size < whole.size(); size += cut_stride(whole.size())) {
    check(whole.substr(0, size));
  }
  check(whole);
}

// Calls `check(before, lost, after)`: `lost` is missing between the two, of several sizes at every
// place.
template <typename Check>
void for_each_gap(std::string_view whole, Check&& check) {
  for (const size_t size : {1, 2, 4, 9, 33, 150}) {
    for (size_t at = 0; at + size <= whole.size(); at += cut_stride(whole.size())) {
      check(whole.substr(0, at), whole.substr(at, size), whole.substr(at + size));
    }
  }
}

}  // namespace sonde::test
