// How much heap the process holds, to show that hostile input cannot grow it. Answers 0 under a
// sanitizer, which brings its own allocator.
#pragma once

#include <cstddef>

#include <malloc.h>

namespace sonde::test {

inline size_t allocated_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace sonde::test
