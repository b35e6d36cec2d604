// Pickles of model files are as hostile as it gets: they are written to be run.
#include "agent/detect/pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const sonde::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto report = sonde::detect::scan_pickle(bytes);
  if (report.imports.size() > sonde::detect::kPickleImports) __builtin_trap();
  if (report.dangerous.size() > report.imports.size()) __builtin_trap();
  return 0;
}
