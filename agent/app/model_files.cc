#include "agent/app/model_files.h"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "agent/base/bytes.h"
#include "agent/detect/catalogue.h"

namespace sonde::app {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostRead = size_t{32} << 20;  // of one pickle
constexpr size_t kDirectory = size_t{4} << 20;  // of an archive's list of members
constexpr size_t kMembers = 256;                // that are looked into
constexpr size_t kLinks = 65536;                // open files and mappings of one process

class OpenFile {
 public:
  explicit OpenFile(const fs::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  bool ok() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  // Fewer bytes at the end of the file, or where it cannot be read.
  std::string read(uint64_t offset, size_t size) const {
    std::string bytes(size, '\0');
    size_t done = 0;
    while (done < size) {
      const ssize_t got =
          ::pread(descriptor_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
      if (got <= 0) break;
      done += static_cast<size_t>(got);
    }
    bytes.resize(done);
    return bytes;
  }

 private:
  int descriptor_;
};

// DEFLATE without a header, as in ZIP; at most kMostRead bytes come out.
std::string inflated(std::string_view packed) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  std::array<char, 65536> piece{};
  int status = Z_OK;
  while (status == Z_OK && out.size() < kMostRead) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
    if (stream.avail_out == piece.size()) break;
  }
  inflateEnd(&stream);
  return out;
}

uint32_t u16_at(std::string_view bytes, size_t at) {
  return static_cast<uint8_t>(bytes[at]) |
         static_cast<uint32_t>(static_cast<uint8_t>(bytes[at + 1])) << 8;
}
uint32_t u32_at(std::string_view bytes, size_t at) {
  return u16_at(bytes, at) | u16_at(bytes, at + 2) << 16;
}

struct Member {
  std::string name;
  uint32_t method = 0;
  uint32_t packed_bytes = 0;
  uint32_t offset = 0;
};

// APPNOTE.TXT 4.3.12 and 4.3.16: the members that a pickle may be in. ZIP64 offsets of members that
// lie behind 4 GiB are not followed: PyTorch writes the pickle first.
std::vector<Member> members_of(const OpenFile& file, uint64_t file_bytes) {
  constexpr size_t kEnd = 22;
  constexpr size_t kComment = 65535;
  constexpr size_t kHeader = 46;
  const size_t tail_bytes = static_cast<size_t>(std::min<uint64_t>(file_bytes, kEnd + kComment));
  const std::string tail = file.read(file_bytes - tail_bytes, tail_bytes);
  const size_t end = tail.rfind("PK\x05\x06");
  if (end == std::string::npos || end + kEnd > tail.size()) return {};
  const size_t size = std::min<size_t>(u32_at(tail, end + 12), kDirectory);
  const std::string list = file.read(u32_at(tail, end + 16), size);
  std::vector<Member> members;
  for (size_t at = 0; at + kHeader <= list.size() && members.size() < kMembers;) {
    if (list.compare(at, 4, "PK\x01\x02") != 0) break;
    const size_t name_bytes = u16_at(list, at + 28);
    const size_t next = at + kHeader + name_bytes + u16_at(list, at + 30) + u16_at(list, at + 32);
    if (at + kHeader + name_bytes > list.size()) break;
    Member member{list.substr(at + kHeader, name_bytes), u16_at(list, at + 10),
                  u32_at(list, at + 20), u32_at(list, at + 42)};
    if (is_model_name(member.name)) members.push_back(std::move(member));
    at = next;
  }
  return members;
}

std::string content_of(const OpenFile& file, const Member& member) {
  constexpr size_t kLocalHeader = 30;
  const std::string head = file.read(member.offset, kLocalHeader);
  if (head.size() < kLocalHeader || head.compare(0, 4, "PK\x03\x04") != 0) return {};
  const uint64_t start =
      uint64_t{member.offset} + kLocalHeader + u16_at(head, 26) + u16_at(head, 28);
  const std::string packed = file.read(start, std::min<size_t>(member.packed_bytes, kMostRead));
  if (member.method == 0) return packed;
  return member.method == 8 ? inflated(packed) : std::string();
}

}  // namespace

bool is_model_name(std::string_view path) {
  constexpr auto kEndings = std::to_array<std::string_view>(
      {".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt", ".joblib", ".p", ".model", ".mar"});
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

Result<std::vector<ModelFileReport>> inspect_model_file(const fs::path& path) {
  const OpenFile file(path);
  struct stat info{};
  if (!file.ok() || ::fstat(file.descriptor(), &info) != 0) {
    return fail_errno(fmt::format("cannot open '{}'", path.string()), errno);
  }
  std::vector<ModelFileReport> reports;
  if (!S_ISREG(info.st_mode)) return reports;
  const auto add = [&](std::string member, std::string_view content) {
    ModelFileReport report{std::move(member), detect::scan_pickle(as_bytes(content))};
    if (report.pickle.is_pickle) reports.push_back(std::move(report));
  };
  const std::string first = file.read(0, 4);
  if (first != "PK\x03\x04") {
    add({}, file.read(0, kMostRead));
    return reports;
  }
  for (const Member& member : members_of(file, static_cast<uint64_t>(info.st_size))) {
    add(member.name, content_of(file, member));
  }
  return reports;
}

void ModelFileWatch::look(uint32_t pid, const fs::path& link, const std::string& name,
                          std::vector<Unsafe>& found) {
  struct stat info{};
  if (::stat(link.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return;
  bool& seen = seen_[fmt::format("{}/{}/{}/{}.{}", info.st_dev, info.st_ino, info.st_size,
                                 info.st_ctim.tv_sec, info.st_ctim.tv_nsec)];
  if (seen) return;
  seen = true;
  const auto reports = inspect_model_file(link);
  if (!reports.ok()) return;
  for (const ModelFileReport& report : *reports) {
    if (report.pickle.dangerous.empty()) continue;
    detect::Finding finding = detect::finding_of("model_file.unsafe", "model_file");
    finding.subtype = "pickle_import";
    finding.zone = llm::Zone::kTool;  // neither user nor operator wrote it
    finding.message_index = -1;
    finding.score = report.pickle.calls ? 1.0 : 0.7;
    finding.evidence = fmt::format("{}", fmt::join(report.pickle.dangerous, ", ")).substr(0, 512);
    finding.data["file"] = name;
    if (!report.member.empty()) finding.data["member"] = report.member;
    finding.data["imports"] = finding.evidence;
    found.push_back({pid, std::move(finding)});
    return;
  }
}

std::vector<ModelFileWatch::Unsafe> ModelFileWatch::sweep(const std::vector<uint32_t>& processes) {
  std::vector<Unsafe> found;
  for (const uint32_t pid : processes) {
    for (const char* folder : {"fd", "map_files"}) {
      std::error_code none;
      size_t links = 0;
      for (fs::directory_iterator entry(proc_ / std::to_string(pid) / folder, none), end;
           !none && entry != end && links < kLinks; entry.increment(none), ++links) {
        std::error_code gone;
        const std::string name = fs::read_symlink(entry->path(), gone).string();
        if (!gone && is_model_name(name)) look(pid, entry->path(), name, found);
      }
    }
  }
  return found;
}

}  // namespace sonde::app
