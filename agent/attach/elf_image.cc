#include "agent/attach/elf_image.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sonde::attach {
namespace {

constexpr size_t kBlockBytes = 4096;
constexpr size_t kBlocks = 512;  // 2 MiB: the code one search walks through

template <typename T>
std::optional<T> record_at(const std::vector<std::byte>& table, size_t offset) {
  if (offset > table.size() || table.size() - offset < sizeof(T)) return std::nullopt;
  T record;
  std::memcpy(&record, table.data() + offset, sizeof record);
  return record;
}

// The name that starts at `offset` of a string table; empty where it does not end inside it.
std::string name_at(const std::vector<std::byte>& names, size_t offset) {
  if (offset >= names.size()) return {};
  const std::string_view text = as_text(Bytes(names)).substr(offset);
  const size_t end = text.find('\0');
  return end == std::string_view::npos ? std::string() : std::string(text.substr(0, end));
}

}  // namespace

// Direct-mapped: block number modulo kBlocks.
struct ElfImage::BlockCache {
  struct Block {
    uint64_t number = UINT64_MAX;
    size_t size = 0;
    std::array<std::byte, kBlockBytes> bytes;
  };
  std::vector<Block> blocks{kBlocks};
};

ElfImage::ElfImage(int descriptor, const LocateLimits& limits)
    : descriptor_(descriptor), limits_(limits), cache_(std::make_unique<BlockCache>()) {}

ElfImage::ElfImage(ElfImage&& other) noexcept { *this = std::move(other); }

ElfImage& ElfImage::operator=(ElfImage&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  limits_ = other.limits_;
  file_size_ = other.file_size_;
  machine_ = other.machine_;
  position_independent_ = other.position_independent_;
  cut_ = other.cut_;
  build_id_ = std::move(other.build_id_);
  segments_ = std::move(other.segments_);
  sections_ = std::move(other.sections_);
  other_headers_ = std::move(other.other_headers_);
  cache_ = std::move(other.cache_);
  return *this;
}

ElfImage::~ElfImage() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<ElfImage> ElfImage::open(const std::filesystem::path& file, const LocateLimits& limits) {
  // O_NONBLOCK: a FIFO under a library's name must not hold the search.
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return fail_errno(fmt::format("cannot open '{}'", file.string()), errno);
  return from_descriptor(descriptor, file.string(), limits);
}

Result<ElfImage> ElfImage::from_descriptor(int descriptor, const std::string& name,
                                           const LocateLimits& limits) {
  ElfImage image(descriptor, limits);
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) {
    return fail_errno(fmt::format("cannot stat '{}'", name), errno);
  }
  if (!S_ISREG(status.st_mode)) return fail(fmt::format("'{}' is not a regular file", name));
  image.file_size_ = static_cast<uint64_t>(status.st_size);
  if (Status parsed = image.parse(name); !parsed.ok()) return tl::unexpected(parsed.error());
  return image;
}

Status ElfImage::parse(const std::string& name) {
  Elf64_Ehdr header{};
  if (read_file(0, std::as_writable_bytes(std::span(&header, 1))) != sizeof header ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return fail(fmt::format("'{}' is not an ELF file", name));
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return fail(fmt::format("'{}' is not a 64-bit little-endian ELF file", name));
  }
  if (header.e_machine != EM_X86_64 && header.e_machine != EM_AARCH64) {
    return fail(fmt::format("'{}' is for an unsupported machine ({})", name, header.e_machine));
  }
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
    return fail(fmt::format("'{}' is neither an executable nor a shared library", name));
  }
  machine_ = header.e_machine == EM_X86_64 ? Machine::kAmd64 : Machine::kArm64;
  position_independent_ = header.e_type == ET_DYN;
  if (header.e_phentsize < sizeof(Elf64_Phdr) || header.e_phnum == 0 ||
      header.e_phnum > limits_.segments) {
    return fail(fmt::format("'{}' has no usable program headers", name));
  }
  const std::vector<std::byte> table =
      load(header.e_phoff, uint64_t{header.e_phentsize} * header.e_phnum);
  if (Status parsed = parse_program_headers(table, header.e_phentsize); !parsed.ok()) {
    return fail(fmt::format("'{}': {}", name, parsed.error().message));
  }
  // Section headers are a convenience: a file without them, or with lying ones, is still searched.
  if (header.e_shentsize >= sizeof(Elf64_Shdr) && header.e_shnum <= limits_.sections) {
    parse_sections(header.e_shoff, header.e_shnum, header.e_shentsize, header.e_shstrndx);
  }
  parse_build_id();
  return {};
}

Status ElfImage::parse_program_headers(const std::vector<std::byte>& table, size_t entry_size) {
  for (size_t at = 0; at < table.size(); at += entry_size) {
    const auto header = record_at<Elf64_Phdr>(table, at);
    if (!header) break;
    const uint64_t in_file =
        header->p_offset >= file_size_
            ? 0
            : std::min<uint64_t>(header->p_filesz, file_size_ - header->p_offset);
    if (header->p_vaddr > UINT64_MAX - in_file) continue;
    if (header->p_type == PT_LOAD) {
      cut_ = cut_ || in_file < header->p_filesz;
      if (in_file == 0) continue;
      segments_.push_back({header->p_vaddr, header->p_offset, in_file,
                           (header->p_flags & PF_W) != 0, (header->p_flags & PF_X) != 0});
    } else {
      other_headers_.push_back(
          {header->p_type, header->p_offset, {header->p_vaddr, header->p_vaddr + in_file}});
    }
  }
  if (segments_.empty()) return fail("no loadable segment is inside the file");
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.address < b.address; });
  return {};
}

void ElfImage::parse_sections(uint64_t table_offset, size_t count, size_t entry_size,
                              size_t name_index) {
  const std::vector<std::byte> table = load(table_offset, uint64_t{entry_size} * count);
  std::vector<std::byte> names;
  if (const auto header = record_at<Elf64_Shdr>(table, name_index * entry_size)) {
    if (header->sh_type == SHT_STRTAB) names = load(header->sh_offset, header->sh_size);
  }
  for (size_t at = 0; at + sizeof(Elf64_Shdr) <= table.size(); at += entry_size) {
    const auto header = record_at<Elf64_Shdr>(table, at);
    Section section{.name = name_at(names, header->sh_name),
                    .type = header->sh_type,
                    .flags = header->sh_flags,
                    .address = header->sh_addr,
                    .offset = header->sh_offset,
                    .size = header->sh_size,
                    .entry_size = header->sh_entsize,
                    .link = header->sh_link};
    const bool inside = section.offset <= file_size_ && section.size <= file_size_ - section.offset;
    if (section.type == SHT_NOBITS || !inside) section.size = 0;
    sections_.push_back(std::move(section));  // keeps the numbering that sh_link uses
  }
}

void ElfImage::parse_build_id() {
  for (const OtherHeader& header : other_headers_) {
    if (header.type != PT_NOTE || header.addresses.size() > (64 << 10)) continue;
    const std::vector<std::byte> notes = load(header.offset, header.addresses.size());
    size_t at = 0;
    while (const auto note = record_at<Elf64_Nhdr>(notes, at)) {
      const uint64_t name_at = at + sizeof(Elf64_Nhdr);
      const uint64_t value_at = name_at + ((uint64_t{note->n_namesz} + 3) & ~uint64_t{3});
      const uint64_t next = value_at + ((uint64_t{note->n_descsz} + 3) & ~uint64_t{3});
      if (value_at + note->n_descsz > notes.size()) break;
      const std::string_view name = as_text(Bytes(notes)).substr(name_at, note->n_namesz);
      if (note->n_type == NT_GNU_BUILD_ID && name == std::string_view("GNU\0", 4) &&
          note->n_descsz <= 64) {
        for (size_t i = 0; i < note->n_descsz; ++i) {
          build_id_ += fmt::format("{:02x}", std::to_integer<unsigned>(notes[value_at + i]));
        }
        return;
      }
      at = next;
    }
  }
}

std::vector<Segment> ElfImage::read_only_data() const {
  std::vector<Segment> apart;
  std::vector<Segment> mixed;
  for (const Segment& segment : segments_) {
    if (!segment.writable) (segment.executable ? mixed : apart).push_back(segment);
  }
  return apart.empty() ? mixed : apart;
}

const Section* ElfImage::section(std::string_view name) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(),
                                  [name](const Section& section) { return section.name == name; });
  return found == sections_.end() ? nullptr : &*found;
}

std::optional<Range> ElfImage::program_header(uint32_t type) const {
  for (const OtherHeader& header : other_headers_) {
    if (header.type == type) return header.addresses;
  }
  return std::nullopt;
}

const Segment* ElfImage::segment_at(uint64_t address) const {
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), address,
                       [](uint64_t value, const Segment& s) { return value < s.address; });
  if (after == segments_.begin()) return nullptr;
  const Segment& segment = *std::prev(after);
  return address - segment.address < segment.size ? &segment : nullptr;
}

std::optional<uint64_t> ElfImage::offset_of(uint64_t address) const {
  const Segment* segment = segment_at(address);
  if (segment == nullptr) return std::nullopt;
  return segment->offset + (address - segment->address);
}

std::optional<uint64_t> ElfImage::address_of(uint64_t file_offset) const {
  for (const Segment& segment : segments_) {
    if (file_offset >= segment.offset && file_offset - segment.offset < segment.size) {
      return segment.address + (file_offset - segment.offset);
    }
  }
  return std::nullopt;
}

bool ElfImage::is_code(uint64_t address) const {
  const Segment* segment = segment_at(address);
  return segment != nullptr && segment->executable;
}

size_t ElfImage::read(uint64_t address, std::span<std::byte> out) const {
  const Segment* segment = segment_at(address);
  if (segment == nullptr) return 0;
  const uint64_t into = address - segment->address;
  const size_t wanted = std::min<uint64_t>(out.size(), segment->size - into);
  size_t done = 0;
  while (done < wanted) {
    const uint64_t offset = segment->offset + into + done;
    const uint64_t number = offset / kBlockBytes;
    BlockCache::Block& block = cache_->blocks[number % kBlocks];
    if (block.number != number) {
      block.size = read_file(number * kBlockBytes, block.bytes);
      block.number = number;
    }
    const size_t skip = offset % kBlockBytes;
    if (skip >= block.size) break;
    const size_t part = std::min(wanted - done, block.size - skip);
    std::memcpy(out.data() + done, block.bytes.data() + skip, part);
    done += part;
  }
  return done;
}

std::optional<std::string> ElfImage::string_at(uint64_t address, size_t limit) const {
  std::string text(limit, '\0');
  text.resize(read(address, std::as_writable_bytes(std::span(text))));
  const size_t end = text.find('\0');
  if (end == std::string::npos) return std::nullopt;
  text.resize(end);
  return text;
}

std::vector<std::byte> ElfImage::load(uint64_t offset, uint64_t size) const {
  if (size > limits_.table_bytes || offset > file_size_ || size > file_size_ - offset) return {};
  std::vector<std::byte> bytes(size);
  if (read_file(offset, bytes) != bytes.size()) return {};
  return bytes;
}

size_t ElfImage::read_file(uint64_t offset, std::span<std::byte> out) const {
  size_t done = 0;
  while (done < out.size() && offset + done < file_size_) {
    const ssize_t count = ::pread(descriptor_, out.data() + done, out.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

Bytes ElfImage::read_chunk(uint64_t offset, uint64_t size, std::span<std::byte> buffer) const {
  const std::span<std::byte> chunk = buffer.first(std::min<uint64_t>(size, buffer.size()));
  return chunk.first(read_file(offset, chunk));
}

std::string_view to_string(Machine machine) {
  return machine == Machine::kAmd64 ? "x86-64" : "arm64";
}

}  // namespace sonde::attach
