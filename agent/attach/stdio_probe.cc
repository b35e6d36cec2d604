#include "agent/attach/stdio_probe.h"

#include <cerrno>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <time.h>

namespace sonde::attach {
namespace {

// Mirror of struct stdio_process in bpf/stdio.h.
struct StdioProcess {
  uint64_t input = 0;
  uint64_t output = 0;
  uint64_t until_ns = 0;
  uint32_t role = 0;
  uint32_t reserved = 0;
};

// Mirror of struct stdio_channel.
struct StdioChannel {
  uint64_t input = 0;
  uint32_t server = 0;
  uint16_t is_output = 0;
  uint16_t speaks_json = 0;
};

constexpr uint32_t kServer = 1;
constexpr uint32_t kAncestor = 2;

uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

std::vector<uint32_t> keys_of(int map) {
  std::vector<uint32_t> keys;
  uint32_t key = 0;
  for (const uint32_t* previous = nullptr; bpf_map_get_next_key(map, previous, &key) == 0;
       previous = &keys.back()) {
    if (keys.size() >= 65536) break;  // entries come and go meanwhile
    keys.reserve(65536);
    keys.push_back(key);
  }
  return keys;
}

}  // namespace

void StdioProbe::put(uint32_t tgid, uint32_t role) {
  const auto patience = std::chrono::nanoseconds(kPatience).count();
  const StdioProcess process{.until_ns = monotonic_ns() + static_cast<uint64_t>(patience),
                             .role = role};
  bpf_map_update_elem(processes_, &tgid, &process, BPF_NOEXIST);
}

void StdioProbe::forget(uint32_t tgid) {
  if (available()) bpf_map_delete_elem(processes_, &tgid);
}

Status StdioProbe::hear(uint32_t server, std::span<const uint32_t> ancestors) {
  const std::scoped_lock lock(mutex_);
  if (!available()) return {};
  put(server, kServer);
  for (const uint32_t ancestor : ancestors) put(ancestor, kAncestor);
  if (link_) return {};
  link_.reset(bpf_program__attach(program_));
  if (!link_) return fail_errno("cannot hear standard input and output", errno);
  return {};
}

bool StdioProbe::attached() const {
  const std::scoped_lock lock(mutex_);
  return link_ != nullptr;
}

// A silent one is forgotten once its time is over, with its channels: its children are no servers
// either.
bool StdioProbe::is_server(uint32_t tgid, uint64_t now_ns) {
  StdioProcess process;
  if (bpf_map_lookup_elem(processes_, &tgid, &process) != 0 || process.role != kServer)
    return false;
  StdioChannel channel;
  const bool heard = bpf_map_lookup_elem(channels_, &process.input, &channel) == 0;
  if (now_ns < process.until_ns || (heard && channel.speaks_json != 0)) return true;
  bpf_map_delete_elem(processes_, &tgid);
  if (heard && channel.server == tgid) {
    bpf_map_delete_elem(channels_, &process.input);
    bpf_map_delete_elem(channels_, &process.output);
  }
  return false;
}

void StdioProbe::stop_if_unused() {
  LinkPtr unused;  // goes after the lock: it takes its time
  const std::scoped_lock lock(mutex_);
  if (!available()) return;
  const uint64_t now_ns = monotonic_ns();
  size_t servers = 0;
  for (const uint32_t tgid : keys_of(processes_)) servers += is_server(tgid, now_ns) ? 1 : 0;
  if (servers > 0) return;
  unused = std::move(link_);
  for (const uint32_t tgid : keys_of(processes_)) bpf_map_delete_elem(processes_, &tgid);
}

}  // namespace sonde::attach
