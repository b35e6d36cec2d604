// Time is an argument: code under app and sink never asks a clock, it is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sonde {

// CLOCK_MONOTONIC, the clock of kernel records (bpf_ktime_get_ns).
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
// Unix time, UTC.
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

inline MonoTime mono_time(uint64_t nanoseconds) {
  return MonoTime(std::chrono::nanoseconds(nanoseconds));
}
inline WallTime wall_time(uint64_t nanoseconds) {
  return WallTime(std::chrono::nanoseconds(nanoseconds));
}
inline uint64_t to_ns(MonoTime time) {
  return static_cast<uint64_t>(time.time_since_epoch().count());
}

// "2026-11-23T07:00:00.123456Z": RFC 3339, UTC, always six decimals.
std::string format_rfc3339(WallTime time);

}  // namespace sonde
