#include "agent/attach/exec_trigger.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/base/bytes.h"

namespace sonde::attach {
namespace {

constexpr size_t kDataPages = 64;
// PERF_RECORD_MMAP2 after its header: pid, tid, addr, len, pgoff, 24 bytes of file identity, prot,
// flags, then the path.
constexpr size_t kMmapPidAndTid = 8;
constexpr size_t kMmapBeforePath = 24 + 24 + 8;

perf_event_attr side_band_attributes() {
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_DUMMY;
  attributes.mmap = 1;  // executable mappings only; mmap_data would add the others
  attributes.mmap2 = 1;
  attributes.watermark = 1;
  attributes.wakeup_watermark = 1;
  return attributes;
}

// Debian's and Ubuntu's kernels know a level above the mainline's highest, at which CAP_PERFMON
// does not suffice.
tl::unexpected<Error> refused(int cpu, int error) {
  std::string what = fmt::format("cannot watch exec and mmap on CPU {}: {}", cpu,
                                 std::generic_category().message(error));
  int level = 0;
  std::ifstream("/proc/sys/kernel/perf_event_paranoid") >> level;
  if (error == EACCES && level > 2) {
    what += fmt::format(
        "; kernel.perf_event_paranoid is {}, for which this kernel wants CAP_SYS_ADMIN: grant it, "
        "or run: sysctl kernel.perf_event_paranoid=2",
        level);
  } else if (error == EACCES || error == EPERM) {
    what += "; run as root or with CAP_PERFMON";
  }
  return fail(std::move(what), error);
}

}  // namespace

// The ring of one CPU, mapped from the kernel, which writes it; read as if it were hostile.
class ExecTrigger::CpuRing {
 public:
  static Result<std::unique_ptr<CpuRing>> open(int cpu) {
    perf_event_attr attributes = side_band_attributes();
    const long fd = syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0) return refused(cpu, errno);
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t size = page * (kDataPages + 1);
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, static_cast<int>(fd), 0);
    if (memory == MAP_FAILED) {
      const int error = errno;
      close(static_cast<int>(fd));
      return fail_errno("cannot map a perf ring", error);
    }
    return std::unique_ptr<CpuRing>(new CpuRing(static_cast<int>(fd), memory, size, page));
  }
  ~CpuRing() {
    munmap(memory_, size_);
    close(fd_);
  }
  CpuRing(const CpuRing&) = delete;
  CpuRing& operator=(const CpuRing&) = delete;

  int fd() const { return fd_; }

  void drain(Counters& counters, std::vector<ExecMapping>& out) {
    auto* control = static_cast<perf_event_mmap_page*>(memory_);
    const uint64_t head = std::atomic_ref(control->data_head).load(std::memory_order_acquire);
    uint64_t tail = control->data_tail;
    while (head - tail >= sizeof(perf_event_header)) {
      perf_event_header header{};
      copy(tail, &header, sizeof(header));
      if (header.size < sizeof(header) || header.size > head - tail) break;
      record_.resize(header.size - sizeof(header));
      copy(tail + sizeof(header), record_.data(), record_.size());
      if (header.type == PERF_RECORD_MMAP2) read_mapping(out);
      if (header.type == PERF_RECORD_LOST) counters.add(Count::kTriggersLost);
      tail += header.size;
    }
    std::atomic_ref(control->data_tail).store(head, std::memory_order_release);
  }

 private:
  CpuRing(int fd, void* memory, size_t size, size_t page)
      : fd_(fd),
        memory_(memory),
        size_(size),
        data_(static_cast<char*>(memory) + page),
        data_size_(page * kDataPages) {}

  void copy(uint64_t position, void* to, size_t count) const {
    const size_t start = position % data_size_;
    const size_t first = std::min(count, data_size_ - start);
    std::memcpy(to, data_ + start, first);
    std::memcpy(static_cast<char*>(to) + first, data_, count - first);
  }

  void read_mapping(std::vector<ExecMapping>& out) const {
    ByteReader reader(std::as_bytes(std::span(record_)));
    const auto pid = reader.u32_le();
    if (!pid || !reader.skip(kMmapPidAndTid - 4 + kMmapBeforePath)) return;
    const std::string_view rest = as_text(reader.rest());
    const std::string_view path = rest.substr(0, rest.find('\0'));
    if (!path.starts_with('/')) return;  // [vdso], //anon: nothing to probe
    if (path.starts_with("//")) return;
    out.push_back({*pid, std::string(path)});
  }

  int fd_;
  void* memory_;
  size_t size_;
  char* data_;
  size_t data_size_;
  std::vector<char> record_;
};

ExecTrigger::ExecTrigger(Counters& counters, UniqueFd wake)
    : counters_(counters), wake_(std::move(wake)) {}
ExecTrigger::~ExecTrigger() = default;

Result<std::unique_ptr<ExecTrigger>> ExecTrigger::create(Counters& counters) {
  UniqueFd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return fail_errno("cannot make an eventfd", errno);
  std::unique_ptr<ExecTrigger> trigger(new ExecTrigger(counters, std::move(wake)));
  const long cpus = sysconf(_SC_NPROCESSORS_CONF);
  for (int cpu = 0; cpu < cpus; ++cpu) {
    auto ring = CpuRing::open(cpu);
    if (!ring.ok()) {
      if (ring.error().code == ENODEV) continue;  // the CPU is offline
      return tl::unexpected(ring.error());
    }
    trigger->rings_.push_back(std::move(*ring));
  }
  return trigger;
}

bool ExecTrigger::poll(int timeout_ms, std::vector<ExecMapping>& out) {
  std::vector<pollfd> waits;
  waits.reserve(rings_.size() + 1);
  for (const auto& ring : rings_) waits.push_back({ring->fd(), POLLIN, 0});
  waits.push_back({wake_.get(), POLLIN, 0});
  if (::poll(waits.data(), waits.size(), timeout_ms) <= 0) return false;
  eventfd_t calls = 0;
  eventfd_read(wake_.get(), &calls);
  for (const auto& ring : rings_) ring->drain(counters_, out);
  return !out.empty();
}

void ExecTrigger::wake() const { eventfd_write(wake_.get(), 1); }

}  // namespace sonde::attach
