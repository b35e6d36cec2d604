// Function boundaries from .eh_frame, which survives stripping: the sorted table of .eh_frame_hdr
// (LSB 5.0, 10.6.2) and the length in each FDE.
#pragma once

#include <cstdint>
#include <optional>

#include "agent/attach/elf_image.h"

namespace sonde::attach {

// Borrows the image. Empty where the file has no table of the common encoding.
class UnwindIndex {
 public:
  explicit UnwindIndex(const ElfImage& image);

  bool empty() const { return count_ == 0; }
  // The code range of the FDE that covers an address.
  std::optional<Range> function_at(uint64_t address) const;

 private:
  struct Entry {
    uint64_t begin;
    uint64_t description;  // address of the FDE
  };
  std::optional<Entry> entry(uint64_t index) const;
  std::optional<uint64_t> length(uint64_t description) const;

  const ElfImage& image_;
  uint64_t base_ = 0;
  uint64_t table_ = 0;
  uint64_t count_ = 0;
};

}  // namespace sonde::attach
