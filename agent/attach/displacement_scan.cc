#include "agent/attach/displacement_scan.h"

#include <cstring>

namespace sonde::attach {
namespace {

constexpr size_t kLanes = 8;
constexpr size_t kBlock = kLanes * 4;
using Lanes = uint32_t __attribute__((vector_size(kBlock)));
using SignedLanes = int32_t __attribute__((vector_size(kBlock)));
using Words = uint64_t __attribute__((vector_size(kBlock)));

// Vector units compare signed numbers only: x < size without sign is x + 2^31 < size + 2^31 with.
constexpr uint32_t kBias = 0x80000000;

bool matches(const std::byte* at, uint32_t address, const DisplacementQuery& query) {
  uint32_t field;
  std::memcpy(&field, at, sizeof field);
  for (size_t i = 0; i < query.span_count; ++i) {
    const DisplacementSpan span = query.spans[i];
    if (address + 4 + field - span.low < span.size) return true;
    if (query.absolute && field - span.low < span.size) return true;
  }
  return false;
}

// Blocks of 32 bytes, from the four alignments of a 32-bit field at once. Answers the index of the
// first block with a match at or behind `from`, or `end`. An unused span has size 0 and matches
// nothing: the loop over spans is unrolled, the registers hold them all.
template <bool absolute>
[[gnu::always_inline]] inline size_t scan_blocks(const std::byte* code, size_t from, size_t end,
                                                 const DisplacementQuery& query) {
  Lanes step;
  for (size_t lane = 0; lane < kLanes; ++lane) step[lane] = static_cast<uint32_t>(lane * 4);
  std::array<Lanes, DisplacementQuery::kMaxSpans> low{};
  std::array<SignedLanes, DisplacementQuery::kMaxSpans> size{};
  for (size_t i = 0; i < DisplacementQuery::kMaxSpans; ++i) {
    low[i] = Lanes{} + (query.spans[i].low + kBias);
    size[i] = SignedLanes{} + static_cast<int32_t>(query.spans[i].size + kBias);
  }
  for (size_t at = from; at < end; at += kBlock) {
    SignedLanes any{};
    for (uint32_t shift = 0; shift < 4; ++shift) {
      Lanes field;
      std::memcpy(&field, code + at + shift, sizeof field);
      const Lanes target = field + step + (query.address + static_cast<uint32_t>(at) + shift + 4);
#pragma GCC unroll 4
      for (size_t i = 0; i < DisplacementQuery::kMaxSpans; ++i) {
        any |= reinterpret_cast<SignedLanes>(target - low[i]) < size[i];
        if constexpr (absolute) any |= reinterpret_cast<SignedLanes>(field - low[i]) < size[i];
      }
    }
    const auto words = reinterpret_cast<Words>(any);
    if ((words[0] | words[1] | words[2] | words[3]) != 0) return at;
  }
  return end;
}

#if defined(__x86_64__)
__attribute__((target_clones("avx2", "default")))
#endif
size_t
next_relative(const std::byte* code, size_t from, size_t end, const DisplacementQuery& query) {
  return scan_blocks<false>(code, from, end, query);
}

#if defined(__x86_64__)
__attribute__((target_clones("avx2", "default")))
#endif
size_t
next_any(const std::byte* code, size_t from, size_t end, const DisplacementQuery& query) {
  return scan_blocks<true>(code, from, end, query);
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
    at = query.absolute ? next_any(code.data(), at, blocks_end, query)
                        : next_relative(code.data(), at, blocks_end, query);
    if (at >= blocks_end) break;
    for (size_t i = 0; i < kBlock; ++i) examine(at + i);
    at += kBlock;
  }
  for (at = blocks_end; at + 4 <= code.size(); ++at) examine(at);
}

}  // namespace sonde::attach
