#include "agent/capture/half_joiner.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sonde::capture {
namespace {

template <typename Record>
bool copy_fixed(Bytes bytes, Record& record) {
  if (bytes.size() < sizeof(record)) return false;
  std::memcpy(&record, bytes.data(), sizeof(record));
  return true;
}

}  // namespace

void HalfJoiner::on_record(Bytes bytes) {
  sonde_record_header header{};
  if (!copy_fixed(bytes, header)) return;
  if (header.kind == SONDE_RECORD_DATA) {
    sonde_data_record record{};
    if (copy_fixed(bytes, record) && (record.flags & SONDE_DATA_HALF) != 0) {
      return on_data(bytes, record);
    }
  } else if (header.kind == SONDE_RECORD_SOCKET) {
    sonde_socket_record record{};
    if (copy_fixed(bytes, record) && (record.flags & SONDE_DATA_HALF) != 0) {
      return on_socket(record);
    }
  } else if (header.kind == SONDE_RECORD_EXIT) {
    on_exit(header.tgid);
  }
  sink_(bytes);
}

HalfJoiner::Half& HalfJoiner::half_of(const ConnectionKey& key) {
  if (halves_.size() >= limits_.halves && !halves_.contains(key)) {
    counters_.add(Count::kConnectionsEvicted);
    release(halves_.begin()->first, halves_.begin()->second);
    halves_.erase(halves_.begin());
  }
  return halves_[key];
}

void HalfJoiner::on_data(Bytes bytes, const sonde_data_record& record) {
  Half& half = half_of({record.header.tgid, record.handle, record.generation_ns});
  if (half.connection) return forward(half, bytes, record);
  if (half.held.empty()) {
    half.since_ns = record.header.time_ns;
    half.direction = record.direction & 1;
  }
  half.held.emplace_back(bytes.begin(), bytes.end());
  held_bytes_ += bytes.size();
  if (held_bytes_ > limits_.held_bytes) release_all();
}

// Rewrites whose bytes they are and where they stand, and lets them go.
void HalfJoiner::forward(Half& half, Bytes bytes, sonde_data_record record) {
  Connection& connection = *half.connection;
  if (!half.started) {
    half.started = true;
    half.direction = record.direction & 1;
    half.base = connection.end[half.direction];
    connection.heard[half.direction] = true;
  }
  record.handle = connection.handle;
  record.generation_ns = connection.generation_ns;
  record.stream_pos += half.base;
  record.flags = static_cast<__u16>(record.flags & ~SONDE_DATA_HALF);
  uint64_t& end = connection.end[half.direction];
  end = std::max<uint64_t>(end, record.stream_pos + record.original_len);
  scratch_.assign(bytes.begin(), bytes.end());
  std::memcpy(scratch_.data(), &record, sizeof(record));
  sink_(scratch_);
}

void HalfJoiner::join(Half& half, std::shared_ptr<Connection> connection) {
  half.connection = std::move(connection);
  const auto held = std::exchange(half.held, {});
  for (const auto& bytes : held) {
    held_bytes_ -= bytes.size();
    sonde_data_record record{};
    if (copy_fixed(Bytes(bytes), record)) forward(half, bytes, record);
  }
}

void HalfJoiner::on_socket(sonde_socket_record record) {
  SocketKey socket{record.header.tgid, record.socket, {}, {}};
  std::copy_n(std::begin(record.local_address), 16, socket.local.address.begin());
  std::copy_n(std::begin(record.peer_address), 16, socket.peer.address.begin());
  socket.local.port = record.local_port;
  socket.peer.port = record.peer_port;
  if (sockets_.size() >= limits_.halves) sockets_.clear();

  Half& half = half_of({record.header.tgid, record.handle, record.generation_ns});
  std::shared_ptr<Connection>& connection = sockets_[socket];
  if (!connection) {
    // A half that gave up waiting brings its connection along.
    connection = half.connection;
    if (!connection) {
      connection = std::make_shared<Connection>();
      connection->handle = record.socket;
      connection->generation_ns = record.generation_ns;
    }
    connection->has_socket = true;
    record.handle = connection->handle;
    record.generation_ns = connection->generation_ns;
    record.flags = static_cast<__u16>(record.flags & ~SONDE_DATA_HALF);
    sink_(std::as_bytes(std::span(&record, 1)));
  }
  if (!half.connection) join(half, connection);
}

// The one connection of the process that lacks exactly this direction, and has no socket to say
// otherwise.
std::shared_ptr<HalfJoiner::Connection> HalfJoiner::lonely_partner(const ConnectionKey& key,
                                                                   uint16_t direction) const {
  std::shared_ptr<Connection> partner;
  const ConnectionKey first{key.tgid, 0, 0};
  for (auto at = halves_.lower_bound(first); at != halves_.end() && at->first.tgid == key.tgid;
       ++at) {
    const auto& connection = at->second.connection;
    if (!connection || connection->has_socket || connection->heard[direction]) continue;
    if (partner && partner != connection) return nullptr;
    partner = connection;
  }
  return partner;
}

void HalfJoiner::release(const ConnectionKey& key, Half& half) {
  if (half.connection || half.held.empty()) return;
  auto connection = lonely_partner(key, half.direction);
  if (!connection) {
    connection = std::make_shared<Connection>();
    connection->handle = key.handle;
    connection->generation_ns = key.generation_ns;
  }
  join(half, std::move(connection));
}

void HalfJoiner::release_overdue(uint64_t now_ns) {
  if (held_bytes_ == 0) return;
  for (auto& [key, half] : halves_) {
    if (!half.held.empty() && now_ns > half.since_ns + limits_.patience_ns) release(key, half);
  }
}

void HalfJoiner::release_all() {
  for (auto& [key, half] : halves_) release(key, half);
}

void HalfJoiner::on_exit(uint32_t tgid) {
  auto at = halves_.lower_bound({tgid, 0, 0});
  while (at != halves_.end() && at->first.tgid == tgid) {
    release(at->first, at->second);
    at = halves_.erase(at);
  }
  auto socket = sockets_.lower_bound({tgid, 0, {}, {}});
  while (socket != sockets_.end() && socket->first.tgid == tgid) socket = sockets_.erase(socket);
}

}  // namespace sonde::capture
