#include "agent/attach/reference_scan.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include <elf.h>

#include "agent/attach/address_filter.h"
#include "agent/attach/arm64_code.h"
#include "agent/attach/displacement_scan.h"

namespace sonde::attach {
namespace {

// Instructions between an ADRP and the ADD or LDR that completes it.
constexpr size_t kPairDistance = 12;
constexpr size_t kOverlap = 64;
// What one thread takes at a time; less code than this is searched by the caller alone.
constexpr uint64_t kPartBytes = uint64_t{8} << 20;

uint32_t load_u32(const std::byte* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

uint8_t byte_at(Bytes bytes, size_t at) { return std::to_integer<uint8_t>(bytes[at]); }

class X86Scan {
 public:
  X86Scan(const ElfImage& image, const AddressFilter& filter, unsigned kinds,
          std::vector<Reference>& out)
      : filter_(filter), kinds_(kinds), limit_(image.limits().references), out_(out) {
    for (const Range range : filter.covering(DisplacementQuery::kMaxSpans)) {
      const uint64_t size = std::min<uint64_t>(range.size(), UINT32_MAX);
      query_.spans[query_.span_count++] = {static_cast<uint32_t>(range.begin),
                                           static_cast<uint32_t>(size)};
    }
    query_.absolute = !image.position_independent() && wants(ReferenceKind::kAddress);
  }

  void chunk(Bytes bytes, uint64_t address) {
    query_.address = static_cast<uint32_t>(address);
    fields_.clear();
    find_displacements(bytes, query_, fields_);
    for (const uint32_t field : fields_) examine(bytes, address, field);
  }

 private:
  bool wants(ReferenceKind kind) const { return (kinds_ & static_cast<unsigned>(kind)) != 0; }

  // The bytes before the field say which instruction, if any, it belongs to.
  void examine(Bytes bytes, uint64_t address, size_t field) {
    if (field < 3) return;  // whole in the chunk before, which overlaps
    const uint32_t value = load_u32(bytes.data() + field);
    const uint64_t behind = address + field + 4;
    const uint64_t relative = behind + static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)});
    const uint8_t last = byte_at(bytes, field - 1);
    const uint8_t before = byte_at(bytes, field - 2);
    if (last == 0xe8) add(address + field - 1, relative, ReferenceKind::kCall);
    if (last == 0xe9) add(address + field - 1, relative, ReferenceKind::kJump);
    if (before == 0x0f && (last & 0xf0) == 0x80) {
      add(address + field - 2, relative, ReferenceKind::kJump);
    }
    if ((last & 0xc7) == 0x05) {
      // LEA with REX.W, with or without REX.R: a 64-bit register.
      const bool lea = before == 0x8d && (byte_at(bytes, field - 3) & 0xfb) == 0x48;
      add(address + field - (lea ? 3 : 1), relative,
          lea ? ReferenceKind::kAddress : ReferenceKind::kOperand);
    }
    if (query_.absolute && ((last & 0xf8) == 0xb8 || last == 0x68)) {
      add(address + field - 1, value, ReferenceKind::kAddress);
    }
  }

  void add(uint64_t instruction, uint64_t target, ReferenceKind kind) {
    if (wants(kind) && filter_.contains(target) && out_.size() < limit_) {
      out_.push_back({instruction, target, kind});
    }
  }

  const AddressFilter& filter_;
  const unsigned kinds_;
  const size_t limit_;
  std::vector<Reference>& out_;
  DisplacementQuery query_;
  std::vector<uint32_t> fields_;
};

class Arm64Scan {
 public:
  Arm64Scan(const ElfImage& image, const AddressFilter& filter, unsigned kinds,
            std::vector<Reference>& out)
      : filter_(filter), kinds_(kinds), limit_(image.limits().references), out_(out) {}

  void chunk(Bytes bytes, uint64_t address) {
    if (address % 4 != 0) return;
    const size_t words = bytes.size() / 4;
    for (size_t i = 0; i < words; ++i) {
      const uint32_t word = load_u32(bytes.data() + i * 4);
      const uint64_t at = address + i * 4;
      if ((word & 0x1f000000) == 0x10000000) {
        page_pair(bytes, address, i, word);
      } else if ((word & 0x7c000000) == 0x14000000) {
        const auto branch = arm64::control_flow(at, word);
        add(at, branch.target, (word >> 31) != 0 ? ReferenceKind::kCall : ReferenceKind::kJump);
      }
    }
  }

 private:
  void page_pair(Bytes bytes, uint64_t address, size_t index, uint32_t word) {
    const uint64_t at = address + index * 4;
    if (const auto near = arm64::adr(at, word)) {
      add(at, near->page, ReferenceKind::kAddress);
      return;
    }
    const auto page = arm64::adrp(at, word);
    if (!page || !page_wanted(page->page)) return;
    // GCC's section anchors take a second ADD: adrp x, page; add x, x, anchor; add y, x, offset.
    std::array<uint64_t, 32> values{};
    values[page->destination] = page->page;
    for (size_t i = index + 1; i <= index + kPairDistance && (i + 1) * 4 <= bytes.size(); ++i) {
      const uint32_t later = load_u32(bytes.data() + i * 4);
      const uint64_t here = address + i * 4;
      const unsigned destination = later & 31;
      const auto sum = arm64::add_immediate(later);
      const auto load = arm64::load_immediate(later);
      if (sum && values[sum->source] != 0) {
        values[destination] = values[sum->source] + sum->value;
        add(here, values[destination], ReferenceKind::kAddress);
      } else if (load && values[load->source] != 0) {
        add(here, values[load->source] + load->value, ReferenceKind::kOperand);
        values[destination] = 0;
      } else if (sum || load || arm64::adrp(here, later)) {
        values[destination] = 0;
      }
      if (arm64::control_flow(here, later).flow == Flow::kReturn) return;
    }
  }

  bool page_wanted(uint64_t page) const {
    return filter_.maybe(page) || filter_.maybe(page + 0x1000) || filter_.maybe(page + 0x2000);
  }

  void add(uint64_t instruction, uint64_t target, ReferenceKind kind) {
    if ((kinds_ & static_cast<unsigned>(kind)) != 0 && filter_.contains(target) &&
        out_.size() < limit_) {
      out_.push_back({instruction, target, kind});
    }
  }

  const AddressFilter& filter_;
  const unsigned kinds_;
  const size_t limit_;
  std::vector<Reference>& out_;
};

struct Part {
  const Segment* segment;
  uint64_t begin;  // within the segment
  uint64_t size;
};

// The code in parts that overlap, so that no reference is cut by a part's end.
std::vector<Part> parts_of_code(const ElfImage& image) {
  std::vector<Part> parts;
  uint64_t budget = image.limits().scanned_bytes;
  for (const Segment& segment : image.segments()) {
    if (!segment.executable) continue;
    const uint64_t size = std::min(segment.size, budget);
    budget -= size;
    for (uint64_t begin = 0; begin < size; begin += kPartBytes) {
      parts.push_back({&segment, begin, std::min(size - begin, kPartBytes + kOverlap)});
    }
  }
  return parts;
}

// Runs `make_scan(references)` objects over all parts, one for each thread.
template <typename MakeScan>
std::vector<Reference> scan_code(const ElfImage& image, MakeScan make_scan) {
  const std::vector<Part> parts = parts_of_code(image);
  std::atomic<size_t> next{0};
  const auto work = [&](std::vector<Reference>& found) {
    auto scan = make_scan(found);
    for (size_t i = next++; i < parts.size(); i = next++) {
      const Part& part = parts[i];
      image.scan(part.segment->offset + part.begin, part.size, kOverlap,
                 [&](Bytes chunk, uint64_t offset) {
                   scan.chunk(chunk, part.segment->address + (offset - part.segment->offset));
                 });
    }
  };
  const size_t helpers =
      std::min<size_t>(std::max(image.limits().threads, 1U), std::max<size_t>(parts.size(), 1)) - 1;
  std::vector<std::vector<Reference>> found(helpers + 1);
  {
    std::vector<std::jthread> threads;
    threads.reserve(helpers);
    for (size_t i = 0; i < helpers; ++i) {
      try {
        threads.emplace_back([&, i] { work(found[i + 1]); });
      } catch (const std::system_error&) {
        break;  // no thread to be had: the caller does all
      }
    }
    work(found[0]);
  }
  for (size_t i = 1; i < found.size(); ++i) {
    found[0].insert(found[0].end(), found[i].begin(), found[i].end());
  }
  return std::move(found[0]);
}

void pointers_in_relocations(const ElfImage& image, const AddressFilter& filter,
                             std::vector<PointerSlot>& out) {
  for (const Section& section : image.sections()) {
    if (section.type != SHT_RELA) continue;
    // Chunks do not end where entries end: an entry is found by its place in the table, and one
    // cut by a chunk's end is whole in the next.
    image.scan(section.offset, section.size, sizeof(Elf64_Rela), [&](Bytes chunk, uint64_t offset) {
      const size_t skew = (sizeof(Elf64_Rela) - (offset - section.offset) % sizeof(Elf64_Rela)) %
                          sizeof(Elf64_Rela);
      for (size_t at = skew; at + sizeof(Elf64_Rela) <= chunk.size(); at += sizeof(Elf64_Rela)) {
        Elf64_Rela entry;
        std::memcpy(&entry, chunk.data() + at, sizeof entry);
        const auto target = static_cast<uint64_t>(entry.r_addend);
        if (filter.contains(target) && out.size() < image.limits().references) {
          out.push_back({entry.r_offset, target});
        }
      }
    });
  }
}

void pointers_in_data(const ElfImage& image, const AddressFilter& filter,
                      std::vector<PointerSlot>& out) {
  for (const Segment& segment : image.segments()) {
    if (!segment.writable) continue;
    const uint64_t skew = (8 - segment.address % 8) % 8;
    if (segment.size <= skew) continue;
    image.scan(segment.offset + skew, segment.size - skew, 0, [&](Bytes chunk, uint64_t offset) {
      for (size_t at = 0; at + 8 <= chunk.size(); at += 8) {
        uint64_t value;
        std::memcpy(&value, chunk.data() + at, sizeof value);
        if (filter.contains(value) && out.size() < image.limits().references) {
          out.push_back({segment.address + (offset - segment.offset) + at, value});
        }
      }
    });
  }
}

}  // namespace

std::vector<Reference> find_references(const ElfImage& image, const std::vector<Range>& ranges,
                                       unsigned kinds) {
  std::vector<Reference> found;
  const AddressFilter filter(ranges);
  if (filter.empty()) return found;
  if (image.machine() == Machine::kAmd64) {
    found = scan_code(
        image, [&](std::vector<Reference>& out) { return X86Scan(image, filter, kinds, out); });
  } else {
    found = scan_code(
        image, [&](std::vector<Reference>& out) { return Arm64Scan(image, filter, kinds, out); });
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::vector<PointerSlot> find_pointer_slots(const ElfImage& image,
                                            const std::vector<Range>& ranges) {
  std::vector<PointerSlot> found;
  const AddressFilter filter(ranges);
  if (filter.empty()) return found;
  pointers_in_relocations(image, filter, found);
  pointers_in_data(image, filter, found);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace sonde::attach
