#include "agent/attach/error_sites.h"

#include <algorithm>
#include <map>

#include "agent/attach/arm64_code.h"

namespace sonde::attach {
namespace {

// Instructions before and behind a reference that may load the other arguments of the call.
constexpr size_t kBefore = 10;
constexpr size_t kBehind = 10;
constexpr uint64_t kLargestConstant = 0x10000;
constexpr uint64_t kLongestPath = 512;

std::optional<uint64_t> loaded_constant(Disassembler& disassembler, uint64_t address) {
  if (disassembler.image().machine() == Machine::kArm64) {
    const auto word = disassembler.image().integer<uint32_t>(address);
    if (!word) return std::nullopt;
    const auto move = arm64::move_immediate(*word);
    return move ? std::optional(move->value) : std::nullopt;
  }
  const auto instruction = disassembler.decode(address);
  const cs_insn* detail = disassembler.detail();
  if (!instruction || detail == nullptr) return std::nullopt;
  const cs_x86& x86 = detail->detail->x86;
  const bool move = detail->id == X86_INS_MOV && x86.op_count == 2 &&
                    x86.operands[0].type == X86_OP_REG && x86.operands[1].type == X86_OP_IMM;
  const bool push = detail->id == X86_INS_PUSH && x86.operands[0].type == X86_OP_IMM;
  if (!move && !push) return std::nullopt;
  return static_cast<uint64_t>(x86.operands[move ? 1 : 0].imm);
}

void collect_constants(Disassembler& disassembler, const std::vector<uint64_t>& code, uint64_t site,
                       std::set<uint32_t>& constants) {
  const auto at = std::lower_bound(code.begin(), code.end(), site);
  const auto index = static_cast<size_t>(at - code.begin());
  const size_t begin = index - std::min(index, kBefore);
  const size_t end = std::min(code.size(), index + kBehind);
  for (size_t i = begin; i < end; ++i) {
    const auto constant = loaded_constant(disassembler, code[i]);
    if (constant && *constant < kLargestConstant) {
      constants.insert(static_cast<uint32_t>(*constant));
    }
  }
}

}  // namespace

std::vector<uint64_t> path_references(const ElfImage& image, uint64_t path_begin,
                                      uint64_t path_end) {
  uint64_t begin = path_begin;
  while (path_begin - begin < kLongestPath) {
    const auto before = image.integer<uint8_t>(begin - 1);
    if (!before || *before < 0x20 || *before > 0x7e) break;
    --begin;
  }
  std::vector<uint64_t> sites;
  for (const Reference& reference : find_references(image, {{begin, path_end}})) {
    const auto first = image.integer<uint8_t>(reference.target);
    const bool may_begin =
        reference.target == begin || first == '/' || first == '.' || reference.target == path_begin;
    if (reference.kind == ReferenceKind::kAddress && may_begin) {
      sites.push_back(reference.instruction);
    }
  }
  return sites;
}

std::vector<ErrorFunction> group_by_function(Search& search, OwnerFinder& owners,
                                             const std::vector<uint64_t>& sites) {
  std::map<uint64_t, ErrorFunction> functions;
  for (const uint64_t site : sites) {
    const auto entry = owners.owner(site);
    if (!entry) continue;
    ErrorFunction& function = functions[*entry];
    function.entry = *entry;
    function.sites.push_back(site);
    const std::vector<uint64_t>& code = owners.code(*entry).instructions;
    collect_constants(search.disassembler(), code, site, function.constants);
  }
  std::vector<ErrorFunction> all;
  for (auto& [entry, function] : functions) all.push_back(std::move(function));
  return all;
}

}  // namespace sonde::attach
