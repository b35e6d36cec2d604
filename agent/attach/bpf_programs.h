// The BPF programs, loaded: which of them a kernel can have, and which hear a function.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "agent/attach/locator.h"
#include "agent/attach/probe_set.h"

struct bpf_program;
struct tls_bpf;  // NOLINT(readability-identifier-naming): as bpftool names it

namespace sonde::attach {

// Where servers of standard input and output are heard; StdioProbe attaches it when there are any.
inline constexpr std::string_view kStdioSection = "tp_btf/sys_exit";

struct DestroySkeleton {
  void operator()(tls_bpf* skeleton) const;
};
using SkeletonPtr = std::unique_ptr<tls_bpf, DestroySkeleton>;

// What hears one function. `at_return` null: its entry tells all.
struct FunctionPrograms {
  bpf_program* entry = nullptr;  // null: this function is not heard by this build
  bpf_program* at_return = nullptr;
  bpf_program* at_shared_return = nullptr;
};

FunctionPrograms programs_for(const tls_bpf& skeleton, Function function);

// What a program of a C call stands for in any_place; 0: it stays a program of its own.
uint64_t place_of(const tls_bpf& skeleton, const bpf_program* program);

// Null where the kernel refuses; `error` is then why.
SkeletonPtr load_programs(const ProbeSetOptions& options, const KernelFeatures& features,
                          int& error);

// Without cookies a program cannot tell on which file it stands: each target gets programs of its
// own then, which know it as a constant and share the maps of `first`. Null and errno where the
// kernel refuses.
SkeletonPtr load_programs_for(const tls_bpf& first, const KernelFeatures& features,
                              const TlsTarget& target, uint32_t id);

}  // namespace sonde::attach
