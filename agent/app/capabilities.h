// The capabilities that Sonde asks for (systemd unit, DaemonSet), and what each is for.
#pragma once

#include <string>
#include <vector>

namespace sonde::app {

struct Capability {
  int value = 0;  // capability.h
  const char* name = nullptr;
  const char* purpose = nullptr;      // "load BPF programs and maps"
  const char* consequence = nullptr;  // of its absence, a sentence's end
  bool instead_admin = false;         // CAP_SYS_ADMIN will do
  bool always = true;                 // false: matters on old kernels only
};

// Those of the unit, and CAP_SYS_ADMIN where this kernel wants it besides.
std::vector<Capability> wanted_capabilities();
bool has_capability(const Capability& capability);
// Whether this kernel wants it at all.
bool matters_here(const Capability& capability);

// For each one that is missing and matters on this kernel: "without CAP_SYS_PTRACE, ...".
std::vector<std::string> missing_capabilities();

}  // namespace sonde::app
