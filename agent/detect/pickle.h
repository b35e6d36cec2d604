// What a pickle would import and call, read from its opcodes without running any of them (Python's
// pickletools documents them). Pure, linear, bounded; hostile input is the point.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agent/base/bytes.h"

namespace sonde::detect {

struct PickleReport {
  std::vector<std::string> imports;    // "torch._utils._rebuild_tensor_v2"; bounded, distinct
  std::vector<std::string> dangerous;  // those that run code, reach the system or the network
  bool calls = false;                  // something is called: REDUCE, NEWOBJ, INST, OBJ, BUILD
  bool is_pickle = false;              // begins like one
  bool whole = false;                  // every opcode up to the last STOP was read
};

inline constexpr size_t kPickleImports = 256;

// Several pickles may stand one after the other, as in old model files.
PickleReport scan_pickle(Bytes bytes);

// Does an import of `module`.`name` let a model file run code?
bool is_dangerous_import(std::string_view module, std::string_view name);

}  // namespace sonde::detect
