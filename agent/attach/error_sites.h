// Functions of a C library told apart by the errors they raise.
//
// OPENSSL_PUT_ERROR(LIB, REASON) leaves __FILE__ and the reason code in the machine code, whatever
// the compiler inlined, reordered or stripped: the file's path is found as a string, references to
// it are the error sites, and the small constants beside each site are its reason, among noise.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <string_view>
#include <vector>

#include "agent/attach/literal_scan.h"
#include "agent/attach/owner_finder.h"
#include "agent/attach/search.h"

namespace sonde::attach {

struct ErrorFunction {
  uint64_t entry = 0;
  std::vector<uint64_t> sites;
  std::set<uint32_t> constants;  // beside all its sites; holds the reasons, and line numbers
  // Of those, the ones loaded into the argument before the file's: the reasons alone, where the
  // compiler left the arguments in their order.
  std::set<uint32_t> reasons;

  bool raises(std::initializer_list<uint32_t> codes) const {
    return std::all_of(codes.begin(), codes.end(),
                       [this](uint32_t code) { return constants.contains(code); });
  }
};

// References to a path string that ends at `path_end` (the address of its NUL), whichever of its
// '/' the string really begins at: a linker may have merged it behind another text. Where a
// compiler outlined the loading of the path into a little function, its calls are the references.
std::vector<uint64_t> path_references(Search& search, uint64_t path_begin, uint64_t path_end);

// Groups error sites by the function that owns them.
std::vector<ErrorFunction> group_by_function(Search& search, OwnerFinder& owners,
                                             const std::vector<uint64_t>& sites);

}  // namespace sonde::attach
