#include "agent/attach/error_sites.h"

#include <algorithm>
#include <array>
#include <map>

#include "agent/attach/arm64_code.h"

namespace sonde::attach {
namespace {

// Instructions before and behind a reference that may load the other arguments of the call.
constexpr size_t kBefore = 10;
constexpr size_t kBehind = 10;
constexpr uint64_t kLargestConstant = 0x10000;
constexpr uint64_t kLongestPath = anchor::kReach;
// Instructions of an outlined function before and behind the reference in it.
constexpr size_t kOutlined = 6;
constexpr uint64_t kOutlinedBytes = 16;

struct Loaded {
  uint64_t value = 0;
  int argument = -1;  // which argument register it goes to; -1: none, or pushed
};

// rdi, rsi, rdx, rcx, r8, r9.
int argument_of(x86_reg reg) {
  constexpr auto kOrder = std::to_array<x86_reg>(
      {X86_REG_RDI, X86_REG_RSI, X86_REG_RDX, X86_REG_RCX, X86_REG_R8, X86_REG_R9});
  const auto found = std::find(kOrder.begin(), kOrder.end(), reg);
  return found == kOrder.end() ? -1 : static_cast<int>(found - kOrder.begin());
}

int argument_of_arm64(unsigned reg) { return reg < 8 ? static_cast<int>(reg) : -1; }

std::optional<Loaded> loaded_constant(Disassembler& disassembler, uint64_t address) {
  if (disassembler.image().machine() == Machine::kArm64) {
    const auto word = disassembler.image().integer<uint32_t>(address);
    const auto move = word ? arm64::move_immediate(*word) : std::nullopt;
    if (!move) return std::nullopt;
    return Loaded{move->value, argument_of_arm64(move->destination)};
  }
  const auto instruction = disassembler.decode(address);
  const cs_insn* detail = disassembler.detail();
  if (!instruction || detail == nullptr) return std::nullopt;
  const cs_x86& x86 = detail->detail->x86;
  const auto& operands = x86.operands;
  if (detail->id == X86_INS_PUSH && operands[0].type == X86_OP_IMM) {
    Loaded loaded{static_cast<uint64_t>(operands[0].imm), -1};
    // Code made for size loads a small constant by push and pop.
    const auto next = disassembler.decode(instruction->next());
    detail = disassembler.detail();
    if (next && detail != nullptr && detail->id == X86_INS_POP) {
      loaded.argument = argument_of(full_register(detail->detail->x86.operands[0].reg));
    }
    return loaded;
  }
  if (detail->id != X86_INS_MOV || operands[0].type != X86_OP_REG ||
      operands[1].type != X86_OP_IMM) {
    return std::nullopt;
  }
  return Loaded{static_cast<uint64_t>(operands[1].imm),
                argument_of(full_register(operands[0].reg))};
}

// The argument that a reference to the path goes to.
int path_argument(Disassembler& disassembler, uint64_t site) {
  if (disassembler.image().machine() == Machine::kArm64) {
    const auto word = disassembler.image().integer<uint32_t>(site);
    return word ? argument_of_arm64(*word & 31) : -1;
  }
  const auto instruction = disassembler.decode(site);
  const cs_insn* detail = disassembler.detail();
  if (!instruction || detail == nullptr || detail->detail->x86.op_count == 0) return -1;
  const cs_x86_op& operand = detail->detail->x86.operands[0];
  return operand.type == X86_OP_REG ? argument_of(full_register(operand.reg)) : -1;
}

void collect_constants(Disassembler& disassembler, const std::vector<uint64_t>& code, uint64_t site,
                       ErrorFunction& function) {
  const auto at = std::lower_bound(code.begin(), code.end(), site);
  const auto index = static_cast<size_t>(at - code.begin());
  const size_t begin = index - std::min(index, kBefore);
  const size_t end = std::min(code.size(), index + kBehind);
  const int path = path_argument(disassembler, site);
  for (size_t i = begin; i < end; ++i) {
    const auto constant = loaded_constant(disassembler, code[i]);
    if (!constant || constant->value >= kLargestConstant) continue;
    function.constants.insert(static_cast<uint32_t>(constant->value));
    if (path < 1 || constant->argument == path - 1) {
      function.reasons.insert(static_cast<uint32_t>(constant->value));
    }
  }
}

// The code around a site as it is: an outlined function is a few instructions and a RET.
bool is_outlined(Disassembler& disassembler, uint64_t site) {
  uint64_t at = site;
  for (size_t i = 0; i < kOutlined; ++i) {
    const auto instruction = disassembler.decode(at);
    if (!instruction) return false;
    if (instruction->flow == Flow::kReturn) return true;
    if (instruction->flow != Flow::kNext) return false;
    at = instruction->next();
  }
  return false;
}

}  // namespace

std::vector<uint64_t> path_references(Search& search, uint64_t path_begin, uint64_t path_end) {
  const ElfImage& image = search.image();
  uint64_t begin = path_begin;
  while (path_begin - begin < kLongestPath) {
    const auto before = image.integer<uint8_t>(begin - 1);
    if (!before || *before < 0x20 || *before > 0x7e) break;
    --begin;
  }
  std::vector<uint64_t> sites;
  for (const Reference& reference : search.references_to_anchor({begin, path_end})) {
    const auto first = image.integer<uint8_t>(reference.target);
    const bool may_begin =
        reference.target == begin || first == '/' || first == '.' || reference.target == path_begin;
    if (reference.kind == ReferenceKind::kAddress && may_begin) {
      sites.push_back(reference.instruction);
    }
  }
  std::vector<Range> outlined;
  for (const uint64_t site : sites) {
    if (is_outlined(search.disassembler(), site)) outlined.push_back({site - kOutlinedBytes, site});
  }
  for (const Reference& reference : find_references(image, outlined, kCodeReferences)) {
    if (reference.kind == ReferenceKind::kCall) sites.push_back(reference.instruction);
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
    collect_constants(search.disassembler(), code, site, function);
  }
  std::vector<ErrorFunction> all;
  all.reserve(functions.size());
  for (auto& [entry, function] : functions) all.push_back(std::move(function));
  return all;
}

}  // namespace sonde::attach
