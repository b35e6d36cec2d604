// Which function does an instruction belong to, in a file without symbols?
//
// A candidate start is an FDE, a direct call's target, or a pointer to code. It owns an instruction
// only if disassembly from there reaches it; a cold block that nothing calls belongs to the
// function that jumps into it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "agent/attach/reference_scan.h"
#include "agent/attach/search.h"

namespace sonde::attach {

class OwnerFinder {
 public:
  // For the instructions that will be asked about; those that no FDE covers cost one pass over the
  // code.
  OwnerFinder(Search& search, const std::vector<uint64_t>& instructions);

  // Entry of the function, or nullopt where it is not certain.
  std::optional<uint64_t> owner(uint64_t instruction);

  // The walk from an entry; kept.
  const Returns& code(uint64_t entry);

  // Direct calls and tail jumps that the function makes.
  std::set<uint64_t> callees(uint64_t entry);

 private:
  struct Start {
    uint64_t address = 0;
    size_t references = 0;
  };

  void find_starts(const std::vector<uint64_t>& instructions);
  std::optional<uint64_t> owner_by_unwind(uint64_t instruction);
  bool is_stub(uint64_t address);
  std::optional<uint64_t> owner_by_start(uint64_t instruction);
  bool looks_like_start(const Start& start) const;
  Range window(uint64_t instruction) const;

  Search& search_;
  std::vector<Reference> jumps_;
  std::vector<Start> starts_;  // sorted by address
  std::unordered_map<uint64_t, Returns> walks_;
};

}  // namespace sonde::attach
