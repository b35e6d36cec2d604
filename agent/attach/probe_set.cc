#include "agent/attach/probe_set.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>

#include "tls.skel.h"
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/attach/bpf_programs.h"
#include "agent/attach/probe_links.h"

namespace sonde::attach {
namespace {

// Mirrors of the map types in bpf/tls.bpf.c that user space writes to.
struct ConnKey {
  uint64_t handle;
  uint32_t tgid;
  uint32_t reserved;
};

// Kernels before 5.11 account BPF memory by RLIMIT_MEMLOCK. Where it cannot be raised, loading says
// so itself if it matters.
void raise_memlock() {
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

int quiet(libbpf_print_level, const char*, va_list) { return 0; }

using SocketTrace = KernelFeatures::SocketTrace;

struct FreeBtf {
  void operator()(btf* types) const { btf__free(types); }
};

// The BTF tracepoint where it exists (Linux 6.3), else kprobes where the kernel has them.
SocketTrace wanted_socket_trace() {
  const std::unique_ptr<btf, FreeBtf> types(btf__load_vmlinux_btf());
  if (!types) return SocketTrace::kNone;
  constexpr const char* kTracepoint = "btf_trace_sock_send_length";
  if (btf__find_by_name_kind(types.get(), kTracepoint, BTF_KIND_TYPEDEF) > 0) {
    return SocketTrace::kTracepoint;
  }
  return SocketTrace::kKprobe;
}

std::string load_failure(int error) {
  std::string reason =
      fmt::format("cannot load the BPF programs: {}", std::generic_category().message(error));
  if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
    reason += "; this kernel has no BTF (/sys/kernel/btf/vmlinux): it needs CONFIG_DEBUG_INFO_BTF";
  } else if (error == EPERM || error == EACCES) {
    reason +=
        "; run as root or with CAP_BPF, CAP_PERFMON, CAP_SYS_RESOURCE (CAP_SYS_ADMIN on kernels "
        "before 5.8)";
  } else if (error == ENOSYS || error == EINVAL) {
    reason += "; the kernel must be 5.10 or newer with CONFIG_BPF_SYSCALL and CONFIG_UPROBES";
  }
  return reason;
}

}  // namespace

struct ProbeSet::Impl {
  struct Target {
    std::vector<ProbeLink> links;
    size_t probes = 0;
    SkeletonPtr programs;  // its own, where there are no cookies; the links end first
  };

  ~Impl() {
    std::vector<ProbeLink> all;
    for (auto& [id, target] : targets)
      std::move(target.links.begin(), target.links.end(), std::back_inserter(all));
    for (LinkPtr& link : kernel_links) all.push_back({std::move(link), {}});
    close_together(std::move(all));
  }

  SkeletonPtr skeleton;
  std::unique_ptr<StdioProbe> stdio;  // before the skeleton goes
  std::vector<LinkPtr> kernel_links;  // tracepoints and kprobes, for the life of the set
  mutable std::mutex mutex;
  std::map<uint32_t, Target> targets;  // guarded by mutex
  size_t probes = 0;                   // guarded by mutex
};

namespace {

// Attaches what needs no target; false when the kernel refuses one of them after all.
bool attach_to_kernel(const tls_bpf& skeleton, std::vector<LinkPtr>& links) {
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton.obj) {
    const std::string_view section = bpf_program__section_name(program);
    if (section == "uprobe" || section == kStdioSection) continue;
    if (!bpf_program__autoload(program)) continue;
    LinkPtr link(bpf_program__attach(program));
    if (!link) return false;
    links.push_back(std::move(link));
  }
  return true;
}

struct SocketStep {
  SocketTrace trace;
  bool plain_http;
};

// From the best kernel to the plainest: what to try in turn.
std::vector<KernelFeatures> feature_ladder(const ProbeSetOptions& options) {
  constexpr std::array<KernelFeatures, 4> kBases{
      {{true, true, true}, {false, true, true}, {false, false, true}, {false, false, false}}};
  std::vector<SocketStep> steps{{SocketTrace::kNone, false}};
  if (const SocketTrace sockets = wanted_socket_trace(); sockets != SocketTrace::kNone) {
    steps.insert(steps.begin(), {sockets, false});
    if (!options.plain_ports.empty()) steps.insert(steps.begin(), {sockets, true});
  }
  const bool registers =
      libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_task_pt_regs, nullptr) == 1;
  const bool multi = has_uprobe_multi();
  std::vector<KernelFeatures> ladder;
  for (KernelFeatures base : kBases) {
    base.task_registers = registers;
    base.uprobe_multi = multi && base.attach_cookie;
    for (const SocketStep& step : steps) {
      base.socket_trace = step.trace;
      base.plain_http = step.plain_http;
      base.stdio = options.stdio && registers && base.exec_trace && step.trace == steps[0].trace;
      // A closed socket is told by a BTF tracepoint.
      if (base.exec_trace || !base.plain_http) ladder.push_back(base);
    }
  }
  return ladder;
}

}  // namespace

Result<std::unique_ptr<ProbeSet>> ProbeSet::create(const ProbeSetOptions& options) {
  raise_memlock();
  libbpf_set_print(quiet);
  int error = 0;
  auto ladder = feature_ladder(options);
  if (options.plainest) ladder.erase(ladder.begin(), ladder.end() - 1);
  for (const KernelFeatures& features : ladder) {
    SkeletonPtr skeleton = load_programs(options, features, error);
    if (!skeleton) continue;
    auto impl = std::make_unique<Impl>();
    if (!attach_to_kernel(*skeleton, impl->kernel_links)) continue;
    impl->stdio = std::make_unique<StdioProbe>(
        features.stdio ? skeleton->progs.stdio_call : nullptr,
        bpf_map__fd(skeleton->maps.stdio_processes), bpf_map__fd(skeleton->maps.stdio_channels));
    impl->skeleton = std::move(skeleton);
    return std::unique_ptr<ProbeSet>(new ProbeSet(std::move(impl), features));
  }
  return fail(load_failure(error), error);
}

ProbeSet::ProbeSet(std::unique_ptr<Impl> impl, KernelFeatures features)
    : impl_(std::move(impl)), features_(features) {}
ProbeSet::~ProbeSet() = default;

StdioProbe& ProbeSet::stdio() { return *impl_->stdio; }

int ProbeSet::ring_fd() const { return bpf_map__fd(impl_->skeleton->maps.ring); }

namespace {

// Every place of the target that is probed. Returns first: an entry is then never remembered
// without somebody to hear its end.
std::vector<ProbeSite> sites_of(const tls_bpf& skeleton, const TlsTarget& target, uint32_t id,
                                bool merge) {
  std::vector<ProbeSite> sites;
  const auto add = [&](bpf_program* program, uint64_t offset) {
    const uint64_t place = merge ? place_of(skeleton, program) : 0;
    if (place != 0) program = skeleton.progs.any_place;
    sites.push_back({program, offset, place << 32 | id});
  };
  for (const FunctionSite& site : target.functions) {
    const FunctionPrograms programs = programs_for(skeleton, site.function);
    if (programs.entry == nullptr) continue;
    if (programs.at_return != nullptr && site.returns.empty()) continue;
    if (programs.at_return != nullptr) {
      for (const ReturnSite& ret : site.returns) {
        add(ret.shared ? programs.at_shared_return : programs.at_return, ret.file_offset);
      }
    }
    add(programs.entry, site.file_offset);
  }
  return sites;
}

std::string why_unheard(const tls_bpf& skeleton, const TlsTarget& target,
                        const std::filesystem::path& file) {
  const bool known =
      std::any_of(target.functions.begin(), target.functions.end(), [&](const FunctionSite& site) {
        return programs_for(skeleton, site.function).entry != nullptr;
      });
  if (!known) {
    return fmt::format("{}{}{} is found, but not heard by this version", to_string(target.stack),
                       target.flavour.empty() ? "" : " over ", target.flavour);
  }
  return fmt::format("no function of '{}' can be heard: no RET could be decided", file.string());
}

LinkKind link_kind(const KernelFeatures& features) {
  if (features.uprobe_multi) return LinkKind::kMulti;
  return features.attach_cookie ? LinkKind::kSingle : LinkKind::kSingleWithoutCookie;
}

}  // namespace

Result<size_t> ProbeSet::attach(const std::filesystem::path& file, const TlsTarget& target,
                                uint32_t id) {
  SkeletonPtr own;
  if (!features_.attach_cookie) {
    own = load_programs_for(*impl_->skeleton, features_, target, id);
    if (!own) return fail_errno(fmt::format("cannot load programs for '{}'", file.string()), errno);
  }
  const auto sites = sites_of(own ? *own : *impl_->skeleton, target, id, features_.uprobe_multi);
  if (sites.empty()) return fail(why_unheard(own ? *own : *impl_->skeleton, target, file));
  auto links = attach_probes(file, sites, link_kind(features_));
  if (!links.ok()) return tl::unexpected(links.error());
  const std::scoped_lock lock(impl_->mutex);
  impl_->probes += sites.size();
  impl_->targets[id] = {std::move(*links), sites.size(), std::move(own)};
  return sites.size();
}

void ProbeSet::detach(uint32_t id) {
  Impl::Target target;
  {
    const std::scoped_lock lock(impl_->mutex);
    const auto found = impl_->targets.find(id);
    if (found == impl_->targets.end()) return;
    target = std::move(found->second);
    impl_->probes -= target.probes;
    impl_->targets.erase(found);
  }
  close_together(std::move(target.links));  // outside the lock: it takes its time
}

size_t ProbeSet::attached_probes() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->probes;
}

void ProbeSet::ignore(uint32_t tgid, uint64_t handle, uint64_t generation_ns) {
  const ConnKey key{handle, tgid, 0};
  bpf_map_update_elem(bpf_map__fd(impl_->skeleton->maps.ignored), &key, &generation_ns, BPF_ANY);
}

std::array<uint64_t, SONDE_LOSS_REASONS> ProbeSet::losses() const {
  std::array<uint64_t, SONDE_LOSS_REASONS> totals{};
  const int cpus = libbpf_num_possible_cpus();
  if (cpus <= 0) return totals;
  std::vector<uint64_t> per_cpu(static_cast<size_t>(cpus));
  const int map = bpf_map__fd(impl_->skeleton->maps.losses);
  for (uint32_t reason = 0; reason < SONDE_LOSS_REASONS; ++reason) {
    if (bpf_map_lookup_elem(map, &reason, per_cpu.data()) != 0) continue;
    for (const uint64_t value : per_cpu) totals[reason] += value;
  }
  return totals;
}

}  // namespace sonde::attach
