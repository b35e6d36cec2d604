#include "agent/attach/probe_set.h"

#include <cerrno>
#include <map>
#include <mutex>

#include "tls.skel.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

namespace sonde::attach {
namespace {

struct DestroySkeleton {
  void operator()(tls_bpf* skeleton) const { tls_bpf__destroy(skeleton); }
};
using SkeletonPtr = std::unique_ptr<tls_bpf, DestroySkeleton>;

struct DestroyLink {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using LinkPtr = std::unique_ptr<bpf_link, DestroyLink>;

// Mirrors of the map types in bpf/tls.bpf.c that user space writes to.
struct ConnKey {
  uint64_t handle;
  uint32_t tgid;
  uint32_t reserved;
};

uint32_t ring_size(size_t wanted) {
  size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  while (size < wanted && size < (size_t{1} << 30)) size *= 2;
  return static_cast<uint32_t>(size);
}

// Kernels before 5.11 account BPF memory by RLIMIT_MEMLOCK. Where it cannot be raised, loading says
// so itself if it matters.
void raise_memlock() {
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

int quiet(libbpf_print_level, const char*, va_list) { return 0; }

SkeletonPtr load(const ProbeSetOptions& options, const KernelFeatures& features, int& error) {
  SkeletonPtr skeleton(tls_bpf__open());
  if (!skeleton) {
    error = errno;
    return nullptr;
  }
  skeleton->rodata->own_tgid = static_cast<uint32_t>(getpid());
  skeleton->rodata->can_copy_from_user = features.sleepable;
  skeleton->rodata->has_attach_cookie = features.attach_cookie;
  bpf_map__set_max_entries(skeleton->maps.ring, ring_size(options.ring_bytes));
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton->obj) {
    const bool uprobe = bpf_program__type(program) == BPF_PROG_TYPE_KPROBE;
    if (uprobe && features.sleepable) bpf_program__set_flags(program, BPF_F_SLEEPABLE);
    if (!uprobe) bpf_program__set_autoload(program, features.exec_trace);
  }
  error = -tls_bpf__load(skeleton.get());
  return error == 0 ? std::move(skeleton) : nullptr;
}

std::string load_failure(int error) {
  std::string reason =
      fmt::format("cannot load the BPF programs: {}", std::generic_category().message(error));
  if (error == EPERM || error == EACCES) {
    reason +=
        "; run as root or with CAP_BPF, CAP_PERFMON, CAP_SYS_RESOURCE (CAP_SYS_ADMIN on kernels "
        "before 5.8)";
  } else if (error == ENOSYS || error == EINVAL) {
    reason += "; the kernel must be 5.10 or newer with CONFIG_BPF_SYSCALL and CONFIG_UPROBES";
  }
  return reason;
}

struct EntryProgram {
  bpf_program* program = nullptr;  // null: this function is not heard by this build
  bool needs_return = true;
};

EntryProgram entry_program(const tls_bpf& skeleton, Function function) {
  switch (function) {
    case Function::kSslRead:
    case Function::kGnutlsRecordRecv:
    case Function::kGnutlsRecordRecvSeq:
    case Function::kNssRecv:
    case Function::kNssRead:
      return {skeleton.progs.received_entry};
    case Function::kSslReadEx:
      return {skeleton.progs.received_ex_entry};
    case Function::kSslWrite:
    case Function::kGnutlsRecordSend:
    case Function::kGnutlsRecordSend2:
    case Function::kNssSend:
    case Function::kNssWrite:
      return {skeleton.progs.sent_entry};
    case Function::kSslWriteEx:
      return {skeleton.progs.sent_ex_entry};
    case Function::kSslFree:
    case Function::kGnutlsDeinit:
    case Function::kNssClose:
      return {skeleton.progs.handle_freed, false};
    default:
      return {};
  }
}

}  // namespace

struct ProbeSet::Impl {
  SkeletonPtr skeleton;
  std::vector<LinkPtr> process_links;
  mutable std::mutex mutex;
  std::map<uint32_t, std::vector<LinkPtr>> targets;  // guarded by mutex
  size_t probes = 0;                                 // guarded by mutex

  Result<LinkPtr> attach_one(bpf_program* program, const std::filesystem::path& file,
                             uint64_t offset, uint64_t cookie, bool has_cookie) {
    bpf_uprobe_opts options{};
    options.sz = sizeof(options);
    options.bpf_cookie = has_cookie ? cookie : 0;
    LinkPtr link(bpf_program__attach_uprobe_opts(program, -1, file.c_str(), offset, &options));
    if (!link) {
      return fail_errno(fmt::format("cannot put a probe at {:#x} of '{}'", offset, file.string()),
                        errno);
    }
    return link;
  }
};

Result<std::unique_ptr<ProbeSet>> ProbeSet::create(const ProbeSetOptions& options) {
  raise_memlock();
  libbpf_set_print(quiet);
  // From the best kernel to the plainest; the first that loads is what this kernel can do.
  constexpr std::array<KernelFeatures, 4> kLadder{
      {{true, true, true}, {false, true, true}, {false, false, true}, {false, false, false}}};
  int error = 0;
  for (const KernelFeatures& features : kLadder) {
    SkeletonPtr skeleton = load(options, features, error);
    if (!skeleton) continue;
    auto impl = std::make_unique<Impl>();
    if (features.exec_trace) {
      LinkPtr exec(bpf_program__attach(skeleton->progs.process_exec));
      LinkPtr exit(bpf_program__attach(skeleton->progs.process_exit));
      if (!exec || !exit) continue;
      impl->process_links.push_back(std::move(exec));
      impl->process_links.push_back(std::move(exit));
    }
    impl->skeleton = std::move(skeleton);
    return std::unique_ptr<ProbeSet>(new ProbeSet(std::move(impl), features));
  }
  return fail(load_failure(error), error);
}

ProbeSet::ProbeSet(std::unique_ptr<Impl> impl, KernelFeatures features)
    : impl_(std::move(impl)), features_(features) {}
ProbeSet::~ProbeSet() = default;

int ProbeSet::ring_fd() const { return bpf_map__fd(impl_->skeleton->maps.ring); }

Result<size_t> ProbeSet::attach(const std::filesystem::path& file, const TlsTarget& target,
                                uint32_t id) {
  std::vector<LinkPtr> links;
  const tls_bpf& skeleton = *impl_->skeleton;
  for (const FunctionSite& site : target.functions) {
    const EntryProgram entry = entry_program(skeleton, site.function);
    if (entry.program == nullptr) continue;
    if (entry.needs_return && site.returns.empty()) continue;
    // Returns first: an entry is then never remembered without somebody to hear its end.
    std::vector<std::pair<bpf_program*, uint64_t>> sites;
    if (entry.needs_return) {
      for (const ReturnSite& ret : site.returns) {
        sites.emplace_back(
            ret.shared ? skeleton.progs.call_return_shared : skeleton.progs.call_return,
            ret.file_offset);
      }
    }
    sites.emplace_back(entry.program, site.file_offset);
    for (const auto& [program, offset] : sites) {
      auto link = impl_->attach_one(program, file, offset, id, features_.attach_cookie);
      if (!link.ok()) return tl::unexpected(link.error());
      links.push_back(std::move(*link));
    }
  }
  if (links.empty()) {
    return fail(
        fmt::format("no function of '{}' can be heard: no RET could be decided", file.string()));
  }
  const std::scoped_lock lock(impl_->mutex);
  const size_t count = links.size();
  impl_->probes += count;
  impl_->targets[id] = std::move(links);
  return count;
}

void ProbeSet::detach(uint32_t id) {
  std::vector<LinkPtr> links;
  {
    const std::scoped_lock lock(impl_->mutex);
    const auto found = impl_->targets.find(id);
    if (found == impl_->targets.end()) return;
    links = std::move(found->second);
    impl_->probes -= links.size();
    impl_->targets.erase(found);
  }
  // The links close here, outside the lock: closing a uprobe can take tens of milliseconds.
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
