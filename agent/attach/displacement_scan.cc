#include "agent/attach/displacement_scan.h"

#include <cstring>

namespace sonde::attach {
namespace {

constexpr size_t kLanes = 8;
constexpr size_t kBlock = kLanes * 4;
using Lanes = uint32_t __attribute__((vector_size(kBlock)));
using Words = uint64_t __attribute__((vector_size(kBlock)));

bool in_span(uint32_t value, DisplacementSpan span) { return value - span.low < span.size; }

bool matches(const std::byte* at, uint32_t address, const DisplacementQuery& query) {
  uint32_t field;
  std::memcpy(&field, at, sizeof field);
  return in_span(address + 4 + field, query.relative) || in_span(field, query.absolute);
}

// Blocks of 32 bytes, from the four alignments of a 32-bit field at once. Answers the index of the
// first block with a match at or behind `from`, or of the first that is not whole.
#if defined(__x86_64__)
__attribute__((target_clones("avx2", "default")))
#endif
size_t
next_block(const std::byte* code, size_t from, size_t end, const DisplacementQuery& query) {
  Lanes step;
  for (size_t lane = 0; lane < kLanes; ++lane) step[lane] = static_cast<uint32_t>(lane * 4);
  const Lanes relative_low = Lanes{} + query.relative.low;
  const Lanes relative_size = Lanes{} + query.relative.size;
  const Lanes absolute_low = Lanes{} + query.absolute.low;
  const Lanes absolute_size = Lanes{} + query.absolute.size;
  for (size_t at = from; at < end; at += kBlock) {
    Lanes any{};
    for (uint32_t shift = 0; shift < 4; ++shift) {
      Lanes field;
      std::memcpy(&field, code + at + shift, sizeof field);
      const uint32_t behind = query.address + static_cast<uint32_t>(at) + shift + 4;
      const Lanes target = field + step + behind - relative_low;
      any |= static_cast<Lanes>(target < relative_size);
      any |= static_cast<Lanes>(field - absolute_low < absolute_size);
    }
    const auto words = reinterpret_cast<const Words&>(any);
    if ((words[0] | words[1] | words[2] | words[3]) != 0) return at;
  }
  return end;
}

}  // namespace

void find_displacements(Bytes code, const DisplacementQuery& query, std::vector<uint32_t>& out) {
  constexpr size_t kTail = kBlock + 4;  // what the last block's loads reach beyond it
  const size_t blocks_end = code.size() < kTail ? 0 : (code.size() - 4) / kBlock * kBlock;
  const auto examine = [&](size_t at) {
    if (matches(code.data() + at, query.address + static_cast<uint32_t>(at), query)) {
      out.push_back(static_cast<uint32_t>(at));
    }
  };
  size_t at = 0;
  while (at < blocks_end) {
    at = next_block(code.data(), at, blocks_end, query);
    if (at >= blocks_end) break;
    for (size_t i = 0; i < kBlock; ++i) examine(at + i);
    at += kBlock;
  }
  for (at = blocks_end; at + 4 <= code.size(); ++at) examine(at);
}

}  // namespace sonde::attach
