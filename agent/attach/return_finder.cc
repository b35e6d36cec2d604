#include "agent/attach/return_finder.h"

#include "agent/attach/return_walk.h"

namespace sonde::attach {

Returns ReturnFinder::find(uint64_t entry, uint64_t size_bytes) {
  return ReturnWalk(disassembler_, unwind_, known_starts_).run(entry, size_bytes);
}

}  // namespace sonde::attach
