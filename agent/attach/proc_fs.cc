#include "agent/attach/proc_fs.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

namespace sonde::attach {
namespace {

constexpr size_t kMaxFileBytes = 8 << 20;  // of one /proc file: a process can grow its maps at will
constexpr size_t kMaxArguments = 256;

std::string read_file(const std::filesystem::path& path) {
  std::string text;
  std::ifstream file(path, std::ios::binary);
  char buffer[16384];
  while (file.read(buffer, sizeof(buffer)), file.gcount() > 0) {
    text.append(buffer, static_cast<size_t>(file.gcount()));
    if (text.size() >= kMaxFileBytes) break;
  }
  return text;
}

template <typename T>
std::optional<T> number(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

std::string_view next_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

// "55d0-55d1 r-xp 00000000 08:01 1234    /usr/bin/x (deleted)" (proc_pid_maps(5))
std::optional<MappedFile> parse_mapping(std::string_view line) {
  const std::string_view range = next_word(line);
  const std::string_view permissions = next_word(line);
  if (permissions.size() < 3 || permissions[2] != 'x') return std::nullopt;
  next_word(line);
  const std::string_view device = next_word(line);
  const auto inode = number<uint64_t>(next_word(line));
  const size_t path_start = line.find('/');
  if (!inode || *inode == 0 || path_start == std::string_view::npos) return std::nullopt;
  const size_t dash = range.find('-');
  const size_t colon = device.find(':');
  if (dash == std::string_view::npos || colon == std::string_view::npos) return std::nullopt;

  MappedFile file;
  file.inode = *inode;
  file.device = (number<uint64_t>(device.substr(0, colon), 16).value_or(0) << 20) |
                number<uint64_t>(device.substr(colon + 1), 16).value_or(0);
  file.map_start = number<uint64_t>(range.substr(0, dash), 16).value_or(0);
  file.map_end = number<uint64_t>(range.substr(dash + 1), 16).value_or(0);
  file.path = line.substr(path_start);
  constexpr std::string_view kDeleted = " (deleted)";
  if (file.path.ends_with(kDeleted)) {
    file.deleted = true;
    file.path.resize(file.path.size() - kDeleted.size());
  }
  return file;
}

std::vector<std::string> split_arguments(std::string_view text) {
  std::vector<std::string> arguments;
  while (!text.empty() && arguments.size() < kMaxArguments) {
    const size_t end = std::min(text.find('\0'), text.size());
    arguments.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return arguments;
}

// Fields after the command name's closing parenthesis (proc_pid_stat(5)): state is the first.
constexpr int kStatParent = 1;
constexpr int kStatStartTime = 19;

void read_stat(std::string_view stat, ProcessIdentity& identity) {
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return;
  stat.remove_prefix(name_end + 1);
  for (int field = 0; field <= kStatStartTime; ++field) {
    const std::string_view word = next_word(stat);
    if (field == kStatParent) identity.parent_tgid = number<uint32_t>(word).value_or(0);
    if (field == kStatStartTime) {
      const uint64_t ticks = number<uint64_t>(word).value_or(0);
      identity.start_time_ns =
          ticks * (1'000'000'000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK)));
    }
  }
}

uint32_t read_uid(std::string_view status) {
  const size_t at = status.find("\nUid:\t");
  return at == std::string_view::npos ? 0 : number<uint32_t>(status.substr(at + 6)).value_or(0);
}

}  // namespace

std::filesystem::path ProcFs::entry(uint32_t tgid, std::string_view name) const {
  return root_ / std::to_string(tgid) / name;
}

std::vector<uint32_t> ProcFs::processes() const {
  std::vector<uint32_t> pids;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(root_, error)) {
    const std::string name = item.path().filename();
    const auto pid = number<uint32_t>(name);
    if (pid && name.find_first_not_of("0123456789") == std::string::npos) pids.push_back(*pid);
  }
  return pids;
}

std::vector<MappedFile> ProcFs::executable_mappings(uint32_t tgid) const {
  std::vector<MappedFile> files;
  const std::string maps = read_file(entry(tgid, "maps"));
  std::string_view rest = maps;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    if (auto file = parse_mapping(rest.substr(0, end))) files.push_back(std::move(*file));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return files;
}

std::optional<ProcessIdentity> ProcFs::identity(uint32_t tgid) const {
  ProcessIdentity identity;
  identity.tgid = tgid;
  const std::string stat = read_file(entry(tgid, "stat"));
  if (stat.empty()) return std::nullopt;
  read_stat(stat, identity);
  identity.uid = read_uid(read_file(entry(tgid, "status")));
  std::error_code error;
  identity.exe = std::filesystem::read_symlink(entry(tgid, "exe"), error);
  identity.command_line = split_arguments(read_file(entry(tgid, "cmdline")));
  identity.cgroup = parse_cgroups(read_file(entry(tgid, "cgroup")));
  return identity;
}

std::filesystem::path ProcFs::open_path(uint32_t tgid, const MappedFile& file) const {
  if (file.deleted) {
    return entry(tgid, "map_files") / fmt::format("{:x}-{:x}", file.map_start, file.map_end);
  }
  return path_in_root(tgid, file.path);
}

std::filesystem::path ProcFs::path_in_root(uint32_t tgid, const std::string& path) const {
  return entry(tgid, "root") / std::filesystem::path(path).relative_path();
}

}  // namespace sonde::attach
