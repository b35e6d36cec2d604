#include "agent/capture/event.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace sonde::capture {
namespace {

// Copies the fixed part out of the bytes: records of a file need not be aligned.
template <typename Record>
std::optional<Record> fixed_part(Bytes bytes) {
  static_assert(std::is_trivially_copyable_v<Record>);
  if (bytes.size() < sizeof(Record)) return std::nullopt;
  Record record;
  std::memcpy(&record, bytes.data(), sizeof(record));
  return record;
}

// `length` bytes behind the fixed part, or nullopt where the record does not hold them.
template <typename Record>
std::optional<Bytes> tail(Bytes bytes, uint64_t length) {
  if (bytes.size() - sizeof(Record) < length) return std::nullopt;
  return bytes.subspan(sizeof(Record), length);
}

std::optional<Event> decode_data(Event event, Bytes bytes) {
  const auto record = fixed_part<sonde_data_record>(bytes);
  if (!record || record->captured_len > record->original_len || record->direction > 1) {
    return std::nullopt;
  }
  const auto payload = tail<sonde_data_record>(bytes, record->captured_len);
  if (!payload) return std::nullopt;
  event.body = DataEvent{.connection = {event.tgid, record->handle, record->generation_ns},
                         .target = record->target,
                         .sent = record->direction == SONDE_DIRECTION_SENT,
                         .server_end = (record->flags & SONDE_DATA_SERVER) != 0,
                         .position = record->stream_pos,
                         .original_bytes = record->original_len,
                         .entry_time = mono_time(record->entry_ns),
                         .bytes = *payload};
  return event;
}

std::optional<Event> decode_close(Event event, Bytes bytes) {
  const auto record = fixed_part<sonde_close_record>(bytes);
  if (!record) return std::nullopt;
  event.body = CloseEvent{{event.tgid, record->handle, record->generation_ns},
                          {record->end_pos[0], record->end_pos[1]}};
  return event;
}

std::optional<Event> decode_socket(Event event, Bytes bytes) {
  const auto record = fixed_part<sonde_socket_record>(bytes);
  if (!record || record->found_by < SONDE_FOUND_BY_SYSCALL ||
      record->found_by > SONDE_FOUND_BY_CIPHERTEXT) {
    return std::nullopt;
  }
  SocketEvent socket;
  socket.connection = {event.tgid, record->handle, record->generation_ns};
  std::copy_n(std::begin(record->local_address), 16, socket.local.address.begin());
  std::copy_n(std::begin(record->peer_address), 16, socket.peer.address.begin());
  socket.local.port = record->local_port;
  socket.peer.port = record->peer_port;
  socket.found_by =
      record->found_by == SONDE_FOUND_BY_SYSCALL ? FoundBy::kSyscall : FoundBy::kCiphertext;
  event.body = socket;
  return event;
}

std::optional<Event> decode_exec(Event event, Bytes bytes) {
  const auto record = fixed_part<sonde_exec_record>(bytes);
  if (!record) return std::nullopt;
  const auto arguments = tail<sonde_exec_record>(bytes, record->args_len);
  if (!arguments) return std::nullopt;
  // The view must point into `bytes`, not into the copy.
  const std::string_view path =
      as_text(bytes.subspan(offsetof(sonde_exec_record, path), SONDE_PATH_BYTES));
  event.body = ExecEvent{.parent_tgid = record->parent_tgid,
                         .uid = record->uid,
                         .start_time_ns = record->start_time_ns,
                         .cgroup_id = record->cgroup_id,
                         .path = path.substr(0, path.find('\0')),
                         .arguments = as_text(*arguments)};
  return event;
}

std::optional<Event> decode_process(Event event, Bytes bytes) {
  const auto record = fixed_part<sonde_process_record>(bytes);
  if (!record) return std::nullopt;
  const auto json = tail<sonde_process_record>(bytes, record->json_len);
  if (!json) return std::nullopt;
  event.body = ProcessEvent{as_text(*json)};
  return event;
}

std::optional<Event> decode_container(Event event, Bytes bytes) {
  const auto record = fixed_part<sonde_container_record>(bytes);
  if (!record) return std::nullopt;
  const auto json = tail<sonde_container_record>(bytes, record->json_len);
  if (!json) return std::nullopt;
  event.body = ContainerEvent{as_text(*json)};
  return event;
}

std::optional<Event> decode_target(Event event, Bytes bytes) {
  const auto record = fixed_part<sonde_target_record>(bytes);
  if (!record) return std::nullopt;
  const auto json = tail<sonde_target_record>(bytes, record->json_len);
  if (!json) return std::nullopt;
  event.body = TargetEvent{record->target, as_text(*json)};
  return event;
}

std::optional<Event> decode_clock(Event event, Bytes bytes) {
  const auto record = fixed_part<sonde_clock_record>(bytes);
  if (!record) return std::nullopt;
  event.body = ClockEvent{wall_time(record->unix_ns)};
  return event;
}

std::optional<Event> decode_loss(Event event, Bytes bytes) {
  const auto record = fixed_part<sonde_loss_record>(bytes);
  if (!record) return std::nullopt;
  LossEvent loss;
  std::copy(std::begin(record->total), std::end(record->total), loss.total.begin());
  event.body = loss;
  return event;
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const auto& address = endpoint.address;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (std::equal(kMapped.begin(), kMapped.end(), address.begin())) {
    inet_ntop(AF_INET, address.data() + kMapped.size(), text.data(), text.size());
    return fmt::format("{}:{}", text.data(), endpoint.port);
  }
  inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  return fmt::format("[{}]:{}", text.data(), endpoint.port);
}

std::string_view to_string(FoundBy found_by) {
  switch (found_by) {
    case FoundBy::kSyscall:
      return "syscall";
    case FoundBy::kCiphertext:
      return "ciphertext";
    case FoundBy::kNone:
      break;
  }
  return "none";
}

std::optional<Event> decode(Bytes record) {
  const auto header = fixed_part<sonde_record_header>(record);
  if (!header || header->version != SONDE_ABI_VERSION) return std::nullopt;
  if (header->size < sizeof(sonde_record_header) || header->size > record.size())
    return std::nullopt;
  const Bytes bytes = record.first(header->size);
  Event event{.time = mono_time(header->time_ns), .tgid = header->tgid, .body = ExitEvent{}};
  switch (header->kind) {
    case SONDE_RECORD_DATA:
      return decode_data(event, bytes);
    case SONDE_RECORD_CLOSE:
      return decode_close(event, bytes);
    case SONDE_RECORD_SOCKET:
      return decode_socket(event, bytes);
    case SONDE_RECORD_EXEC:
      return decode_exec(event, bytes);
    case SONDE_RECORD_EXIT:
      return event;
    case SONDE_RECORD_PROCESS:
      return decode_process(event, bytes);
    case SONDE_RECORD_CONTAINER:
      return decode_container(event, bytes);
    case SONDE_RECORD_TARGET:
      return decode_target(event, bytes);
    case SONDE_RECORD_CLOCK:
      return decode_clock(event, bytes);
    case SONDE_RECORD_LOSS:
      return decode_loss(event, bytes);
    default:
      return std::nullopt;
  }
}

}  // namespace sonde::capture
