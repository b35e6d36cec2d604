#include "agent/attach/owner_finder.h"

#include <algorithm>

#include "agent/attach/arm64_code.h"

namespace sonde::attach {
namespace {

// How far before an instruction its function may begin, where no FDE says.
constexpr uint64_t kWindowBytes = 32 << 10;
constexpr size_t kStartsTried = 12;
constexpr size_t kColdHops = 3;
constexpr size_t kStubInstructions = 4;

// What may stand before a function: RET, INT3, NOP, the tail of UD2 or of a long NOP.
bool ends_code(uint8_t byte) {
  return byte == 0xc3 || byte == 0xcc || byte == 0x90 || byte == 0x0b || byte == 0x00;
}

}  // namespace

OwnerFinder::OwnerFinder(Search& search, const std::vector<uint64_t>& instructions)
    : search_(search) {
  // A file may have FDEs for some of its code only: Chromium's C++ parts have none.
  std::vector<uint64_t> without;
  std::copy_if(instructions.begin(), instructions.end(), std::back_inserter(without),
               [&](uint64_t instruction) { return !search.unwind().function_at(instruction); });
  if (!without.empty()) find_starts(without);
}

void OwnerFinder::find_starts(const std::vector<uint64_t>& instructions) {
  const ElfImage& image = search_.image();
  std::vector<Range> windows;
  windows.reserve(instructions.size());
  for (const uint64_t instruction : instructions) windows.push_back(window(instruction));
  std::map<uint64_t, size_t> starts;
  for (const Reference& reference : find_references(image, windows, kCodeReferences)) {
    if (reference.kind == ReferenceKind::kCall) ++starts[reference.target];
    if (reference.kind == ReferenceKind::kJump) jumps_.push_back(reference);
    if (reference.kind != ReferenceKind::kAddress) continue;
    const auto word = image.integer<uint32_t>(reference.instruction);
    const bool table_base = image.machine() == Machine::kArm64 && word &&
                            arm64::adr(reference.instruction, *word).has_value();
    if (!table_base) ++starts[reference.target];
  }
  for (const PointerSlot& pointer : find_pointer_slots(image, windows)) {
    starts[pointer.target] += 2;  // a pointer is no accident of bytes, as a call may be
  }
  for (const auto& [address, references] : starts) {
    const Start start{address, references};
    if (!looks_like_start(start)) continue;
    starts_.push_back(start);
    search_.returns().add_known_start(address);
  }
}

Range OwnerFinder::window(uint64_t instruction) const {
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

std::set<uint64_t> OwnerFinder::callees(uint64_t entry) {
  std::set<uint64_t> found;
  const std::vector<uint64_t>& all = code(entry).instructions;
  for (const uint64_t address : all) {
    const auto instruction = search_.disassembler().decode(address);
    if (!instruction || instruction->target == 0) continue;
    if (instruction->flow == Flow::kCall ||
        !std::binary_search(all.begin(), all.end(), instruction->target)) {
      found.insert(instruction->target);
    }
  }
  return found;
}

// A cold part has an FDE of its own, and ends by jumping back into the middle of its function.
std::optional<uint64_t> OwnerFinder::owner_by_unwind(uint64_t instruction) {
  const auto range = search_.unwind().function_at(instruction);
  if (!range) return std::nullopt;
  std::optional<uint64_t> whole;
  for (const uint64_t address : code(range->begin).instructions) {
    const auto jump = search_.disassembler().decode(address);
    if (!jump || (jump->flow != Flow::kJump && jump->flow != Flow::kBranch)) continue;
    const auto other = search_.unwind().function_at(jump->target);
    if (!other || other->begin == jump->target || *other == *range) continue;
    if (is_stub(jump->target)) continue;  // all PLT stubs share one FDE
    if (whole && *whole != other->begin) return std::nullopt;
    whole = other->begin;
  }
  return whole ? whole : range->begin;
}

bool OwnerFinder::is_stub(uint64_t address) {
  for (size_t i = 0; i < kStubInstructions; ++i) {
    const auto instruction = search_.disassembler().decode(address);
    if (!instruction) return false;
    if (instruction->flow == Flow::kIndirectJump) return true;
    if (instruction->flow != Flow::kNext) return false;
    address = instruction->next();
  }
  return false;
}

std::optional<uint64_t> OwnerFinder::owner_by_start(uint64_t instruction) {
  auto after =
      std::upper_bound(starts_.begin(), starts_.end(), instruction,
                       [](uint64_t value, const Start& start) { return value < start.address; });
  const Range near = window(instruction);
  for (size_t tried = 0; after != starts_.begin() && tried < kStartsTried; ++tried) {
    --after;
    if (!near.contains(after->address)) break;
    const std::vector<uint64_t>& all = code(after->address).instructions;
    if (std::binary_search(all.begin(), all.end(), instruction)) return after->address;
  }
  return std::nullopt;
}

std::optional<uint64_t> OwnerFinder::owner(uint64_t instruction) {
  if (search_.unwind().function_at(instruction)) return owner_by_unwind(instruction);
  std::vector<uint64_t> pending{instruction};
  for (size_t hop = 0; hop < kColdHops && !pending.empty(); ++hop) {
    std::vector<uint64_t> sources;
    std::optional<uint64_t> found;
    for (const uint64_t at : pending) {
      if (const auto entry = owner_by_start(at)) {
        if (found && *found != *entry) return std::nullopt;  // shared by two functions
        found = entry;
        continue;
      }
      const Range near = window(at);
      for (const Reference& jump : jumps_) {
        if (near.contains(jump.target) && !near.contains(jump.instruction) &&
            sources.size() < kStartsTried) {
          sources.push_back(jump.instruction);
        }
      }
    }
    if (found) return found;
    pending = std::move(sources);
  }
  return std::nullopt;
}

}  // namespace sonde::attach
