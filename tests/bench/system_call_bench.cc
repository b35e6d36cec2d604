// What a process that Sonde does not care for pays for its system calls. Needs root.
//   /0  nothing is loaded
//   /1  TLS and plain HTTP are heard
//   /2  standard input and output as well: a server is watched, so that every system call is seen
#include <array>
#include <memory>

#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/attach/probe_set.h"

namespace {

using sonde::attach::ProbeSet;

// Null at level 0.
std::unique_ptr<ProbeSet> listen(benchmark::State& state) {
  if (state.range(0) == 0) return nullptr;
  auto probes = ProbeSet::create({.plain_ports = {11434, 8000, 8080}});
  if (!probes.ok()) {
    state.SkipWithError(probes.error().message.c_str());
    return nullptr;
  }
  if (state.range(0) == 2) {
    constexpr uint32_t kNobody = 0x3fffffff;
    if (!(*probes)->stdio().hear(kNobody, {}).ok()) state.SkipWithError("cannot hear stdio");
  }
  return std::move(*probes);
}

void system_call_alone(benchmark::State& state) {
  const auto probes = listen(state);
  for (auto round : state) benchmark::DoNotOptimize(syscall(SYS_getppid));
}

// A send and a receive of one byte.
void local_socket(benchmark::State& state) {
  const auto probes = listen(state);
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) state.SkipWithError("no sockets");
  char byte = 1;
  for (auto round : state) {
    benchmark::DoNotOptimize(write(ends[0], &byte, 1));
    benchmark::DoNotOptimize(read(ends[1], &byte, 1));
  }
  for (const int end : ends) close(end);
}

void pipe_of_one_byte(benchmark::State& state) {
  const auto probes = listen(state);
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) state.SkipWithError("no pipe");
  char byte = 1;
  for (auto round : state) {
    benchmark::DoNotOptimize(write(ends[1], &byte, 1));
    benchmark::DoNotOptimize(read(ends[0], &byte, 1));
  }
  for (const int end : ends) close(end);
}

BENCHMARK(system_call_alone)->DenseRange(0, 2);
BENCHMARK(local_socket)->DenseRange(0, 2);
BENCHMARK(pipe_of_one_byte)->DenseRange(0, 2);

}  // namespace
