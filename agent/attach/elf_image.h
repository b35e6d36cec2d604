// One ELF64 little-endian file, read through checked calls: headers, address translation, bytes.
//
// Every byte comes from pread into memory of ours. The file is never mapped: another process may
// truncate it at any time, and a mapping would answer that with SIGBUS; pread answers with a short
// read, which becomes "not there". Headers are hostile: every number is checked against the size of
// the file and LocateLimits before use. Not thread-safe: owned by one search.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/attach/locator.h"
#include "agent/base/bytes.h"
#include "agent/base/result.h"

namespace sonde::attach {

enum class Machine : uint8_t { kAmd64, kArm64 };

struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;

  uint64_t size() const { return end - begin; }
  bool contains(uint64_t value) const { return value >= begin && value < end; }
  bool operator==(const Range&) const = default;
};

// The part of a PT_LOAD that is in the file.
struct Segment {
  uint64_t address = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
  bool writable = false;
  bool executable = false;
};

struct Section {
  std::string name;
  uint32_t type = 0;
  uint64_t flags = 0;
  uint64_t address = 0;
  uint64_t offset = 0;
  uint64_t size = 0;  // within the file; 0 for SHT_NOBITS
  uint64_t entry_size = 0;
  uint32_t link = 0;
};

class ElfImage {
 public:
  static Result<ElfImage> open(const std::filesystem::path& file, const LocateLimits& limits);
  // Takes ownership of a readable file descriptor; `name` is for error texts.
  static Result<ElfImage> from_descriptor(int descriptor, const std::string& name,
                                          const LocateLimits& limits);
  ElfImage(ElfImage&&) noexcept;
  ElfImage& operator=(ElfImage&&) noexcept;
  ~ElfImage();

  Machine machine() const { return machine_; }
  bool position_independent() const { return position_independent_; }
  uint64_t file_size() const { return file_size_; }
  // A segment reaches beyond the end of the file: it was truncated, or is still being written.
  bool is_cut() const { return cut_; }
  const std::string& build_id() const { return build_id_; }
  const LocateLimits& limits() const { return limits_; }

  const std::vector<Segment>& segments() const { return segments_; }
  // Loaded, not writable, and not code; files linked without a segment of their own for such data
  // have it among code, and then those segments are it.
  std::vector<Segment> read_only_data() const;
  const std::vector<Section>& sections() const { return sections_; }
  const Section* section(std::string_view name) const;
  // Address and size of a program header of this type (PT_DYNAMIC, PT_GNU_EH_FRAME, ...).
  std::optional<Range> program_header(uint32_t type) const;

  std::optional<uint64_t> offset_of(uint64_t address) const;
  std::optional<uint64_t> address_of(uint64_t file_offset) const;
  const Segment* segment_at(uint64_t address) const;
  bool is_code(uint64_t address) const;

  // Bytes at an address, for small reads in no order: through a cache of blocks. Answers how many
  // bytes could be read before the end of the segment or of the file.
  size_t read(uint64_t address, std::span<std::byte> out) const;
  template <std::integral T>
  std::optional<T> integer(uint64_t address) const {
    std::array<std::byte, sizeof(T)> raw{};
    if (read(address, raw) != raw.size()) return std::nullopt;
    T value;
    std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }
  // The NUL-terminated string at an address, if it ends within `limit` bytes.
  std::optional<std::string> string_at(uint64_t address, size_t limit = 256) const;

  // A part of the file as one buffer; empty when it is above limits().table_bytes or not there.
  std::vector<std::byte> load(uint64_t offset, uint64_t size) const;

  // Calls visit(chunk, file offset of chunk) over a part of the file; consecutive chunks share
  // `overlap` bytes, so that nothing shorter is cut. Stops at the end of the file. Unlike all other
  // calls, scans may run on several threads at once.
  template <typename Visitor>
  void scan(uint64_t offset, uint64_t size, size_t overlap, Visitor&& visit) const {
    std::vector<std::byte> buffer(std::min<uint64_t>(size, kChunkBytes));
    uint64_t done = 0;
    while (done < size) {
      const Bytes chunk = read_chunk(offset + done, size - done, buffer);
      if (chunk.empty()) return;
      visit(chunk, offset + done);
      if (chunk.size() >= size - done || chunk.size() <= overlap) return;
      done += chunk.size() - overlap;
    }
  }

 private:
  static constexpr size_t kChunkBytes = size_t{256} << 10;  // fits the second-level cache

  struct BlockCache;

  ElfImage(int descriptor, const LocateLimits& limits);
  Status parse(const std::string& name);
  Status parse_program_headers(const std::vector<std::byte>& table, size_t entry_size);
  void parse_sections(uint64_t table_offset, size_t count, size_t entry_size, size_t name_index);
  void parse_build_id();
  size_t read_file(uint64_t offset, std::span<std::byte> out) const;
  Bytes read_chunk(uint64_t offset, uint64_t size, std::span<std::byte> buffer) const;

  int descriptor_ = -1;
  LocateLimits limits_;
  uint64_t file_size_ = 0;
  Machine machine_ = Machine::kAmd64;
  bool position_independent_ = false;
  bool cut_ = false;
  std::string build_id_;
  std::vector<Segment> segments_;
  std::vector<Section> sections_;
  struct OtherHeader {
    uint32_t type;
    uint64_t offset;
    Range addresses;
  };
  std::vector<OtherHeader> other_headers_;
  std::unique_ptr<BlockCache> cache_;
};

std::string_view to_string(Machine machine);

}  // namespace sonde::attach
