// Probes in a file, as the links that keep them there.
//
// Closing a link waits until no CPU can still be in its program: up to a fifth of a second on a
// busy machine, and for that long nobody can take a killed agent's place. So where the kernel can
// (Linux 6.6, link type uprobe_multi), one link carries all places of a program, and links that
// close together wait together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "agent/base/result.h"
#include "agent/base/unique_fd.h"

struct bpf_link;
struct bpf_program;

namespace sonde::attach {

// The attach type that programs of such a link are loaded with; newer than Debian 12's headers.
inline constexpr int kTraceUprobeMulti = 48;

// Asks the kernel, with a program that does nothing.
bool has_uprobe_multi();

struct DestroyLink {
  void operator()(bpf_link* link) const;
};
using LinkPtr = std::unique_ptr<bpf_link, DestroyLink>;

// One of the two.
struct ProbeLink {
  LinkPtr single;
  UniqueFd multi;
};

struct ProbeSite {
  bpf_program* program = nullptr;
  uint64_t file_offset = 0;
  uint64_t cookie = 0;  // what bpf_get_attach_cookie() answers there
};

enum class LinkKind : uint8_t { kSingleWithoutCookie, kSingle, kMulti };

// For every process that maps the file, now or later. In the order given, but with kMulti all sites
// of one program together. All or nothing: on failure none stays.
Result<std::vector<ProbeLink>> attach_probes(const std::filesystem::path& file,
                                             std::span<const ProbeSite> sites, LinkKind kind);

void close_together(std::vector<ProbeLink> links);

}  // namespace sonde::attach
