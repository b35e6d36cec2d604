// Makes whole connections of half ones.
//
// Some stacks are heard where each direction has a handle of its own (rustls: a cipher context
// each, and a new one whenever keys change). The kernel tells which socket a half goes through
// shortly after its first bytes; until then they wait here. Records leave under one handle for both
// directions, with positions that go on over a change of keys; all other records pass as they are.
//
// A half whose socket stays unknown is not lost: after a while it pairs with the only other lonely
// half of its process, or goes alone. Not thread-safe: owned by the thread that reads the ring.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/capture/event.h"

namespace sonde::capture {

struct HalfJoinerLimits {
  size_t held_bytes = size_t{4} << 20;  // over all halves that wait for their socket
  size_t halves = 16384;
  uint64_t patience_ns = 2'000'000'000;
};

class HalfJoiner {
 public:
  using RecordSink = std::function<void(Bytes)>;

  HalfJoiner(Counters& counters, RecordSink sink, HalfJoinerLimits limits = {})
      : counters_(counters), sink_(std::move(sink)), limits_(limits) {}

  // One whole record of the ring, borrowed for the call.
  void on_record(Bytes record);
  // Lets go what has waited too long; `now_ns` as in record headers.
  void release_overdue(uint64_t now_ns);
  // Lets go all that waits: the end of capture.
  void release_all();

 private:
  struct Connection {
    uint64_t handle = 0;
    uint64_t generation_ns = 0;
    std::array<uint64_t, 2> end{};  // of each stream
    std::array<bool, 2> heard{};
    bool has_socket = false;
  };
  struct Half {
    std::shared_ptr<Connection> connection;  // shared by the halves of one connection; null: waits
    bool started = false;                    // has a place in its connection's stream
    uint64_t base = 0;                       // position of the half's first byte in its stream
    uint16_t direction = 0;
    uint64_t since_ns = 0;  // first data
    std::vector<std::vector<std::byte>> held;
  };
  struct SocketKey {
    uint32_t tgid = 0;
    uint64_t socket = 0;
    Endpoint local;
    Endpoint peer;
    auto operator<=>(const SocketKey&) const = default;
  };
  using Halves = std::map<ConnectionKey, Half>;

  void on_data(Bytes bytes, const sonde_data_record& record);
  void on_socket(sonde_socket_record record);
  void on_exit(uint32_t tgid);
  Half& half_of(const ConnectionKey& key);
  void forward(Half& half, Bytes bytes, sonde_data_record record);
  void join(Half& half, std::shared_ptr<Connection> connection);
  void release(const ConnectionKey& key, Half& half);
  std::shared_ptr<Connection> lonely_partner(const ConnectionKey& key, uint16_t direction) const;

  Counters& counters_;
  RecordSink sink_;
  const HalfJoinerLimits limits_;
  Halves halves_;
  std::map<SocketKey, std::shared_ptr<Connection>> sockets_;
  size_t held_bytes_ = 0;
  std::vector<std::byte> scratch_;
};

}  // namespace sonde::capture
