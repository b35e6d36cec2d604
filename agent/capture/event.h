// Kernel records as values: decode() is the only reader of raw records, and reads them as hostile.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "agent/base/bytes.h"
#include "agent/base/time.h"
#include "sonde/abi.h"

namespace sonde::capture {

// Which connection: unique over reuse of a handle by its generation.
struct ConnectionKey {
  uint32_t tgid = 0;
  uint64_t handle = 0;
  uint64_t generation_ns = 0;

  auto operator<=>(const ConnectionKey&) const = default;
};

// `bytes` at `position` of one direction; the call had `original_bytes` here, so fewer is a gap.
struct DataEvent {
  ConnectionKey connection;
  uint32_t target = 0;
  bool sent = false;
  bool server_end = false;  // of standard input and output: heard in the process whose they are
  uint64_t position = 0;
  uint32_t original_bytes = 0;
  MonoTime entry_time;
  Bytes bytes;
};

// One end of a connection; IPv4 mapped into IPv6.
struct Endpoint {
  std::array<uint8_t, 16> address{};
  uint16_t port = 0;

  auto operator<=>(const Endpoint&) const = default;
};

// "192.0.2.1:443", "[2001:db8::1]:443"
std::string to_string(const Endpoint& endpoint);

enum class FoundBy : uint8_t { kNone, kSyscall, kCiphertext };

// The name in `network.found_by`.
std::string_view to_string(FoundBy found_by);

// Which socket a connection's bytes go through.
struct SocketEvent {
  ConnectionKey connection;
  Endpoint local;
  Endpoint peer;
  FoundBy found_by{};
};

struct CloseEvent {
  ConnectionKey connection;
  std::array<uint64_t, 2> end_position{};  // received, sent
};

struct ExecEvent {
  uint32_t parent_tgid = 0;
  uint32_t uid = 0;
  uint64_t start_time_ns = 0;
  uint64_t cgroup_id = 0;
  std::string_view path;
  std::string_view arguments;  // each NUL-terminated
};

struct ExitEvent {};

// JSON that user space wrote into the stream: see attach/attacher.cc.
struct ProcessEvent {
  std::string_view json;
};
struct ContainerEvent {
  std::string_view json;  // see app/identity/identity_json.h
};
struct TargetEvent {
  uint32_t target = 0;
  std::string_view json;
};

struct ClockEvent {
  WallTime wall_time;
};

struct LossEvent {
  std::array<uint64_t, SONDE_LOSS_REASONS> total{};
};

// Views point into the decoded bytes.
struct Event {
  MonoTime time;
  uint32_t tgid = 0;
  std::variant<DataEvent, CloseEvent, SocketEvent, ExecEvent, ExitEvent, ProcessEvent, TargetEvent,
               ContainerEvent, ClockEvent, LossEvent>
      body;
};

// One whole record, as from the ring or a recording. nullopt: malformed, wrong version or unknown.
std::optional<Event> decode(Bytes record);

}  // namespace sonde::capture
