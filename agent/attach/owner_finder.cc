#include "agent/attach/owner_finder.h"

#include <algorithm>

#include "agent/attach/arm64_code.h"

namespace sonde::attach {
namespace {

// How far before an instruction its function may begin, where no FDE says.
constexpr uint64_t kWindowBytes = 32 << 10;
constexpr size_t kStartsTried = 12;
constexpr size_t kColdHops = 3;

// What may stand before a function: RET, INT3, NOP, the tail of UD2 or of a long NOP.
bool ends_code(uint8_t byte) {
  return byte == 0xc3 || byte == 0xcc || byte == 0x90 || byte == 0x0b || byte == 0x00;
}

}  // namespace

OwnerFinder::OwnerFinder(Search& search, const std::vector<uint64_t>& instructions)
    : search_(search) {
  std::vector<Range> windows;
  for (const uint64_t instruction : instructions) windows.push_back(window(instruction));
  by_target_ = find_references(search_.image(), windows);
  std::sort(by_target_.begin(), by_target_.end(), [](const Reference& a, const Reference& b) {
    return std::tie(a.target, a.instruction) < std::tie(b.target, b.instruction);
  });
  std::map<uint64_t, size_t> starts;
  for (const Reference& reference : by_target_) {
    if (reference.kind == ReferenceKind::kCall) ++starts[reference.target];
    if (reference.kind != ReferenceKind::kAddress) continue;
    const auto word = search_.image().integer<uint32_t>(reference.instruction);
    const bool table_base = search_.image().machine() == Machine::kArm64 && word &&
                            arm64::adr(reference.instruction, *word).has_value();
    if (!table_base) ++starts[reference.target];
  }
  for (const PointerSlot& pointer : find_pointer_slots(search_.image(), windows)) {
    starts[pointer.target] += 2;  // a pointer is no accident of bytes, as a call may be
  }
  for (const auto& [address, references] : starts) {
    const Start start{address, references};
    if (!looks_like_start(start)) continue;
    starts_.push_back(start);
    if (search_.unwind().empty()) search_.returns().add_known_start(address);
  }
}

Range OwnerFinder::window(uint64_t instruction) const {
  if (const auto range = search_.unwind().function_at(instruction)) return *range;
  const Segment* segment = search_.image().segment_at(instruction);
  const uint64_t lowest = segment == nullptr ? 0 : segment->address;
  const uint64_t back = std::min(kWindowBytes, instruction - std::min(lowest, instruction));
  return {instruction - back, instruction + 1};
}

bool OwnerFinder::looks_like_start(const Start& start) const {
  const ElfImage& image = search_.image();
  if (!image.is_code(start.address)) return false;
  if (image.machine() == Machine::kArm64) return start.address % 4 == 0;
  if (start.references > 1 || start.address % 16 == 0) return true;
  const auto before = image.integer<uint8_t>(start.address - 1);
  return before && ends_code(*before);
}

const Returns& OwnerFinder::code(uint64_t entry) {
  const auto known = walks_.find(entry);
  if (known != walks_.end()) return known->second;
  return walks_.emplace(entry, search_.returns().find(entry, 0)).first->second;
}

std::optional<uint64_t> OwnerFinder::direct_owner(uint64_t instruction) {
  const auto reaches = [&](uint64_t entry) {
    const std::vector<uint64_t>& all = code(entry).instructions;
    return std::binary_search(all.begin(), all.end(), instruction);
  };
  if (const auto range = search_.unwind().function_at(instruction)) {
    const bool jumped_into =
        std::any_of(by_target_.begin(), by_target_.end(), [&](const Reference& reference) {
          return reference.kind == ReferenceKind::kJump && range->contains(reference.target) &&
                 reference.target != range->begin && !range->contains(reference.instruction);
        });
    const bool started = std::any_of(starts_.begin(), starts_.end(), [&](const Start& start) {
      return start.address == range->begin;
    });
    if (jumped_into && !started) return std::nullopt;  // a cold part
    return range->begin;
  }
  auto after =
      std::upper_bound(starts_.begin(), starts_.end(), instruction,
                       [](uint64_t value, const Start& start) { return value < start.address; });
  const Range near = window(instruction);
  for (size_t tried = 0; after != starts_.begin() && tried < kStartsTried; ++tried) {
    --after;
    if (!near.contains(after->address)) break;
    if (reaches(after->address)) return after->address;
  }
  return std::nullopt;
}

std::optional<uint64_t> OwnerFinder::owner(uint64_t instruction) {
  std::vector<uint64_t> pending{instruction};
  for (size_t hop = 0; hop < kColdHops && !pending.empty(); ++hop) {
    std::vector<uint64_t> sources;
    std::optional<uint64_t> found;
    for (const uint64_t at : pending) {
      if (const auto entry = direct_owner(at)) {
        if (found && *found != *entry) return std::nullopt;  // shared by two functions
        found = entry;
        continue;
      }
      const Range near = window(at);
      for (const Reference& reference : by_target_) {
        if (reference.kind == ReferenceKind::kJump && near.contains(reference.target) &&
            reference.target <= at && !near.contains(reference.instruction) &&
            sources.size() < kStartsTried) {
          sources.push_back(reference.instruction);
        }
      }
    }
    if (found) return found;
    pending = std::move(sources);
  }
  return std::nullopt;
}

std::vector<Reference> OwnerFinder::references_to(uint64_t address) const {
  std::vector<Reference> found;
  auto at = std::lower_bound(
      by_target_.begin(), by_target_.end(), address,
      [](const Reference& reference, uint64_t value) { return reference.target < value; });
  for (; at != by_target_.end() && at->target == address; ++at) found.push_back(*at);
  return found;
}

}  // namespace sonde::attach
