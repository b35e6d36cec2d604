#include "agent/attach/probe_links.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <thread>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sonde::attach {
namespace {

constexpr size_t kClosingThreads = 16;

// link_create of union bpf_attr with its uprobe_multi part, as Linux 6.6 laid it down.
struct LinkCreate {
  uint32_t program_fd = 0;
  uint32_t target_fd = 0;
  uint32_t attach_type = kTraceUprobeMulti;
  uint32_t flags = 0;
  uint64_t path = 0;
  uint64_t offsets = 0;
  uint64_t reference_counters = 0;
  uint64_t cookies = 0;
  uint32_t count = 0;
  uint32_t multi_flags = 0;
  uint32_t pid = 0;  // 0: all processes
  uint32_t padding = 0;
};
static_assert(sizeof(LinkCreate) == 64);

uint64_t address_of(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

// All places of one program; both lists are as long.
struct Places {
  bpf_program* program = nullptr;
  std::vector<uint64_t> offsets;
  std::vector<uint64_t> cookies;
};

UniqueFd create_multi_link(int program_fd, const char* path, const Places& places) {
  LinkCreate request;
  request.program_fd = static_cast<uint32_t>(program_fd);
  request.path = address_of(path);
  request.offsets = address_of(places.offsets.data());
  request.cookies = address_of(places.cookies.data());
  request.count = static_cast<uint32_t>(places.offsets.size());
  return UniqueFd(static_cast<int>(syscall(SYS_bpf, BPF_LINK_CREATE, &request, sizeof(request))));
}

std::vector<Places> by_program(std::span<const ProbeSite> sites) {
  std::vector<Places> groups;
  for (const ProbeSite& site : sites) {
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const Places& known) { return known.program == site.program; });
    if (group == groups.end()) group = groups.insert(group, Places{site.program, {}, {}});
    group->offsets.push_back(site.file_offset);
    group->cookies.push_back(site.cookie);
  }
  return groups;
}

Result<std::vector<ProbeLink>> attach_multi(const std::filesystem::path& file,
                                            std::span<const ProbeSite> sites) {
  std::vector<ProbeLink> links;
  for (const Places& places : by_program(sites)) {
    UniqueFd link = create_multi_link(bpf_program__fd(places.program), file.c_str(), places);
    if (!link.valid()) {
      return fail_errno(
          fmt::format("cannot put {} probes into '{}'", places.offsets.size(), file.string()),
          errno);
    }
    links.push_back({nullptr, std::move(link)});
  }
  return links;
}

// The kernel's "uprobe" event source asks for CAP_SYS_ADMIN itself, where CAP_PERFMON suffices for
// the link of many probes (seen on 6.1 and 6.18).
Error single_probe_refused(const std::filesystem::path& file, uint64_t offset, int error) {
  std::string what = fmt::format("cannot put a probe at {:#x} of '{}': {}", offset, file.string(),
                                 std::generic_category().message(error));
  if (error == EACCES || error == EPERM) {
    what += "; before Linux 6.6 only CAP_SYS_ADMIN may: grant it to the agent";
  }
  return {std::move(what), error};
}

}  // namespace

void DestroyLink::operator()(bpf_link* link) const { bpf_link__destroy(link); }

bool has_uprobe_multi() {
  // return 0
  constexpr std::array<bpf_insn, 2> kProgram{
      {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}}};
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  options.expected_attach_type = static_cast<bpf_attach_type>(kTraceUprobeMulti);
  const UniqueFd program(bpf_prog_load(BPF_PROG_TYPE_KPROBE, "probe_multi", "GPL", kProgram.data(),
                                       kProgram.size(), &options));
  if (!program.valid()) return false;
  // A kernel that knows the link gets as far as the path, which is no file.
  const UniqueFd link = create_multi_link(program.get(), "/", {nullptr, {0}, {0}});
  return !link.valid() && errno == EBADF;
}

Result<std::vector<ProbeLink>> attach_probes(const std::filesystem::path& file,
                                             std::span<const ProbeSite> sites, LinkKind kind) {
  if (kind == LinkKind::kMulti) return attach_multi(file, sites);
  std::vector<ProbeLink> links;
  for (const ProbeSite& site : sites) {
    bpf_uprobe_opts options{};
    options.sz = sizeof(options);
    options.bpf_cookie = kind == LinkKind::kSingle ? site.cookie : 0;
    LinkPtr link(bpf_program__attach_uprobe_opts(site.program, -1, file.c_str(), site.file_offset,
                                                 &options));
    if (!link) {
      return tl::unexpected(single_probe_refused(file, site.file_offset, errno));
    }
    links.push_back({std::move(link), {}});
  }
  return links;
}

void close_together(std::vector<ProbeLink> links) {
  std::atomic<size_t> next{0};
  const auto close_some = [&] {
    for (size_t i = next++; i < links.size(); i = next++) links[i] = {};
  };
  std::vector<std::jthread> others;
  const size_t threads = std::min(links.size(), kClosingThreads);
  for (size_t i = 1; i < threads; ++i) others.emplace_back(close_some);
  close_some();
}

}  // namespace sonde::attach
