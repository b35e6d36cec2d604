// "Is this address in one of the wanted ranges?", asked millions of times per pass: a bit per page
// answers nearly all of them, a binary search the rest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "agent/attach/elf_image.h"

namespace sonde::attach {

class AddressFilter {
 public:
  explicit AddressFilter(std::vector<Range> ranges) : ranges_(std::move(ranges)) {
    std::erase_if(ranges_, [](const Range& range) { return range.end <= range.begin; });
    std::sort(ranges_.begin(), ranges_.end(),
              [](const Range& a, const Range& b) { return a.begin < b.begin; });
    merge_overlaps();
    for (const Range& range : ranges_) {
      for (uint64_t page = range.begin >> kPageBits; page <= (range.end - 1) >> kPageBits; ++page) {
        const uint64_t slot = page % kSlots;
        bits_[slot / 64] |= uint64_t{1} << (slot % 64);
        if (page - (range.begin >> kPageBits) >= kSlots) break;  // every slot is set
      }
    }
  }

  bool empty() const { return ranges_.empty(); }

  // At most `count` ranges that cover all: those with the smallest gaps between them are joined.
  std::vector<Range> covering(size_t count) const {
    std::vector<Range> cover = ranges_;
    while (cover.size() > count) {
      size_t smallest = 0;
      for (size_t i = 1; i + 1 < cover.size(); ++i) {
        if (cover[i + 1].begin - cover[i].end < cover[smallest + 1].begin - cover[smallest].end) {
          smallest = i;
        }
      }
      cover[smallest].end = cover[smallest + 1].end;
      cover.erase(cover.begin() + static_cast<ptrdiff_t>(smallest) + 1);
    }
    return cover;
  }

  bool maybe(uint64_t address) const {
    const uint64_t slot = (address >> kPageBits) % kSlots;
    return ((bits_[slot / 64] >> (slot % 64)) & 1) != 0;
  }

  bool contains(uint64_t address) const {
    if (!maybe(address)) return false;
    const auto after =
        std::upper_bound(ranges_.begin(), ranges_.end(), address,
                         [](uint64_t value, const Range& range) { return value < range.begin; });
    return after != ranges_.begin() && std::prev(after)->contains(address);
  }

 private:
  static constexpr unsigned kPageBits = 12;
  static constexpr size_t kSlots = size_t{1} << 17;  // 512 MiB of addresses without collision

  void merge_overlaps() {
    std::vector<Range> merged;
    for (const Range& range : ranges_) {
      if (!merged.empty() && range.begin <= merged.back().end) {
        merged.back().end = std::max(merged.back().end, range.end);
      } else {
        merged.push_back(range);
      }
    }
    ranges_ = std::move(merged);
  }

  std::vector<Range> ranges_;
  std::vector<uint64_t> bits_ = std::vector<uint64_t>(kSlots / 64);
};

}  // namespace sonde::attach
