// Whether a process may be a server that is spoken to through standard input and output: both are
// pipes, whose other ends one of its ancestors holds, or local sockets. In a shell's pipeline the
// neighbours hold them. Not thread-safe: owned by the attacher.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/attach/stdio_probe.h"
#include "agent/base/result.h"

namespace sonde::attach {

class StdioWatch {
 public:
  static constexpr int kAncestors = 4;

  // `probe` is borrowed.
  explicit StdioWatch(StdioProbe& probe, std::filesystem::path proc_root = "/proc")
      : probe_(probe), root_(std::move(proc_root)) {}

  // Hears the process from now on if it may be a server; otherwise it is not watched any more.
  // Answers who is heard: the server, then its ancestors.
  Result<std::vector<uint32_t>> consider(uint32_t tgid);

  // The ancestors that may be the client, nearest first; nullopt: it is no server.
  std::optional<std::vector<uint32_t>> clients_of(uint32_t tgid) const;

 private:
  std::filesystem::path descriptors(uint32_t tgid) const;
  bool holds_other_ends(uint32_t tgid, const std::string& input, const std::string& output) const;
  uint32_t parent_of(uint32_t tgid) const;

  StdioProbe& probe_;
  std::filesystem::path root_;
};

}  // namespace sonde::attach
