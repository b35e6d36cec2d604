#include "agent/attach/stdio_probe.h"

#include <cerrno>
#include <vector>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

namespace sonde::attach {
namespace {

// Mirror of struct stdio_process in bpf/stdio.h.
struct StdioProcess {
  uint64_t input = 0;
  uint64_t output = 0;
  uint32_t role = 0;
  uint32_t reserved = 0;
};

constexpr uint32_t kServer = 1;
constexpr uint32_t kAncestor = 2;

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
  const StdioProcess process{.role = role};
  bpf_map_update_elem(map_, &tgid, &process, BPF_NOEXIST);
}

void StdioProbe::forget(uint32_t tgid) {
  if (available()) bpf_map_delete_elem(map_, &tgid);
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

size_t StdioProbe::servers() const {
  size_t count = 0;
  for (const uint32_t tgid : keys_of(map_)) {
    StdioProcess process;
    if (bpf_map_lookup_elem(map_, &tgid, &process) == 0 && process.role == kServer) ++count;
  }
  return count;
}

void StdioProbe::stop_if_unused() {
  LinkPtr unused;  // goes after the lock: it takes its time
  const std::scoped_lock lock(mutex_);
  if (!available() || servers() > 0) return;
  unused = std::move(link_);
  for (const uint32_t tgid : keys_of(map_)) bpf_map_delete_elem(map_, &tgid);
}

}  // namespace sonde::attach
