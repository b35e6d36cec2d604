// Kernel records as values: decode() is the only reader of raw records, and reads them as hostile.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
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
  uint64_t position = 0;
  uint32_t original_bytes = 0;
  MonoTime entry_time;
  Bytes bytes;
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
  std::variant<DataEvent, CloseEvent, ExecEvent, ExitEvent, ProcessEvent, TargetEvent, ClockEvent,
               LossEvent>
      body;
};

// One whole record, as from the ring or a recording. nullopt: malformed, wrong version or unknown.
std::optional<Event> decode(Bytes record);

}  // namespace sonde::capture
