#include "agent/attach/bpf_programs.h"

#include <array>
#include <cerrno>
#include <set>
#include <string_view>

#include "tls.skel.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/random.h>
#include <unistd.h>

#include "agent/attach/probe_links.h"

namespace sonde::attach {
namespace {

using SocketTrace = KernelFeatures::SocketTrace;

uint32_t ring_size(size_t wanted) {
  size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  while (size < wanted && size < (size_t{1} << 30)) size *= 2;
  return static_cast<uint32_t>(size);
}

// Which optional group a program belongs to, by its section.
bool is_wanted(std::string_view section, const KernelFeatures& features) {
  if (section.starts_with("tp_btf/sched_process_")) return features.exec_trace;
  if (section == kStdioSection) return features.stdio;
  if (section.starts_with("tp_btf/inet_sock_")) return features.plain_http;
  if (section.starts_with("tp_btf/sock_")) return features.socket_trace == SocketTrace::kTracepoint;
  if (section.starts_with("kprobe/") || section.starts_with("kretprobe/")) {
    return features.socket_trace == SocketTrace::kKprobe;
  }
  return true;
}

void set_constants(const tls_bpf& skeleton, const KernelFeatures& features) {
  skeleton.rodata->own_tgid = static_cast<uint32_t>(getpid());
  skeleton.rodata->can_copy_from_user = features.sleepable;
  skeleton.rodata->has_attach_cookie = features.attach_cookie;
  skeleton.rodata->has_socket_trace = features.socket_trace != SocketTrace::kNone;
  skeleton.rodata->has_task_regs = features.task_registers;
  skeleton.rodata->hears_plain = features.plain_http;
  skeleton.rodata->hears_stdio = features.stdio;
}

// The functions whose programs a target needs, as a skeleton's.
std::set<std::string_view> program_names(const tls_bpf& skeleton, const TlsTarget& target) {
  std::set<std::string_view> names;
  for (const FunctionSite& site : target.functions) {
    const FunctionPrograms programs = programs_for(skeleton, site.function);
    for (const bpf_program* program :
         {programs.entry, programs.at_return, programs.at_shared_return}) {
      if (program != nullptr) names.insert(bpf_program__name(program));
    }
  }
  return names;
}

}  // namespace

void DestroySkeleton::operator()(tls_bpf* skeleton) const { tls_bpf__destroy(skeleton); }

uint64_t place_of(const tls_bpf& skeleton, const bpf_program* program) {
  const auto& programs = skeleton.progs;
  const std::array<std::pair<const bpf_program*, uint64_t>, 7> places{
      {{programs.received_entry, SONDE_PLACE_RECEIVED},
       {programs.sent_entry, SONDE_PLACE_SENT},
       {programs.received_ex_entry, SONDE_PLACE_RECEIVED_EX},
       {programs.sent_ex_entry, SONDE_PLACE_SENT_EX},
       {programs.call_return, SONDE_PLACE_RETURN},
       {programs.call_return_shared, SONDE_PLACE_RETURN_SHARED},
       {programs.handle_freed, SONDE_PLACE_FREED}}};
  for (const auto& [known, place] : places) {
    if (known == program) return place;
  }
  return 0;
}

FunctionPrograms programs_for(const tls_bpf& skeleton, Function function) {
  const auto& programs = skeleton.progs;
  const auto c_call = [&programs](bpf_program* entry) {
    return FunctionPrograms{entry, programs.call_return, programs.call_return_shared};
  };
  switch (function) {
    case Function::kSslRead:
    case Function::kGnutlsRecordRecv:
    case Function::kGnutlsRecordRecvSeq:
    case Function::kNssRecv:
    case Function::kNssRead:
      return c_call(programs.received_entry);
    case Function::kSslReadEx:
      return c_call(programs.received_ex_entry);
    case Function::kSslWrite:
    case Function::kGnutlsRecordSend:
    case Function::kGnutlsRecordSend2:
    case Function::kNssSend:
    case Function::kNssWrite:
      return c_call(programs.sent_entry);
    case Function::kSslWriteEx:
      return c_call(programs.sent_ex_entry);
    case Function::kSslFree:
    case Function::kGnutlsDeinit:
    case Function::kNssClose:
      return {programs.handle_freed};
    case Function::kGoRead:
      return {programs.go_read_entry, programs.go_read_return, programs.go_read_return};
    case Function::kGoWrite:
      return {programs.go_write_entry, programs.go_write_return, programs.go_write_return};
    case Function::kGoClose:
      return {programs.go_close_entry};
    case Function::kAeadSeal:
      return {programs.aead_seal_entry};
    case Function::kAeadSealScatter:
      return {programs.aead_seal_scatter_entry};
    case Function::kAeadOpen:
      return {programs.aead_open_entry, programs.aead_open_return, programs.aead_open_return};
    case Function::kAeadOpenGather:
      return {programs.aead_open_gather_entry, programs.aead_open_return,
              programs.aead_open_return};
    case Function::kRingGcmEnc:
      return {programs.ring_gcm_encrypt};
    case Function::kRingGcmDec:
      return {programs.ring_gcm_decrypt};
    case Function::kRingGcmContextEnc:
      return {programs.ring_gcm_context_encrypt};
    case Function::kRingGcmContextDec:
      return {programs.ring_gcm_context_decrypt};
    case Function::kRingCtr32:
      return {programs.ring_counter_mode};
    case Function::kRingChachaSeal:
      return {programs.ring_chacha_seal};
    case Function::kRingChachaOpen:
      return {programs.ring_chacha_open, programs.ring_chacha_open_return,
              programs.ring_chacha_open_return};
    default:
      return {};
  }
}

SkeletonPtr load_programs(const ProbeSetOptions& options, const KernelFeatures& features,
                          int& error) {
  SkeletonPtr skeleton(tls_bpf__open());
  if (!skeleton) {
    error = errno;
    return nullptr;
  }
  set_constants(*skeleton, features);
  for (const uint32_t port : options.plain_ports)
    skeleton->bss->plain_ports[port / 64 % 1024] |= uint64_t{1} << (port % 64);
  if (getrandom(&skeleton->rodata->handle_key, sizeof(uint64_t), 0) < 0) {
    error = errno;
    return nullptr;
  }
  bpf_map__set_max_entries(skeleton->maps.ring, ring_size(options.ring_bytes));
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton->obj) {
    const std::string_view section = bpf_program__section_name(program);
    if (section == "uprobe" && features.sleepable) {
      bpf_program__set_flags(program, BPF_F_SLEEPABLE);
    }
    if (section == "uprobe" && features.uprobe_multi) {
      bpf_program__set_expected_attach_type(program,
                                            static_cast<bpf_attach_type>(kTraceUprobeMulti));
    }
    const bool merged = features.uprobe_multi ? place_of(*skeleton, program) != 0
                                              : program == skeleton->progs.any_place;
    bpf_program__set_autoload(program, is_wanted(section, features) && !merged);
  }
  error = -tls_bpf__load(skeleton.get());
  return error == 0 ? std::move(skeleton) : nullptr;
}

SkeletonPtr load_programs_for(const tls_bpf& first, const KernelFeatures& features,
                              const TlsTarget& target, uint32_t id) {
  SkeletonPtr skeleton(tls_bpf__open());
  if (!skeleton) return nullptr;
  set_constants(*skeleton, features);
  skeleton->rodata->handle_key = first.rodata->handle_key;
  skeleton->rodata->fixed_target = id;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton->obj) {
    if (bpf_map__is_internal(map)) continue;
    const int shared = bpf_object__find_map_fd_by_name(first.obj, bpf_map__name(map));
    if (shared < 0 || bpf_map__reuse_fd(map, shared) != 0) return nullptr;
  }
  // What one says the others must see: that sockets are wanted, that Go is heard.
  if (bpf_map__reuse_fd(skeleton->maps.bss, bpf_map__fd(first.maps.bss)) != 0) return nullptr;
  const auto needed = program_names(*skeleton, target);
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton->obj) {
    bpf_program__set_autoload(program, needed.contains(bpf_program__name(program)));
  }
  return tls_bpf__load(skeleton.get()) == 0 ? std::move(skeleton) : nullptr;
}

}  // namespace sonde::attach
