// Makes data of the TLS records that were heard below ring's AES-GCM (bpf/ring_cipher.h).
//
// What is no TLS record gives nothing. Received bytes are deciphered here, before their tag is
// checked by those who received them; where it is wrong, their connection ends.
//
// Keys are kept for a bounded number of directions, and wiped when they make room for others, when
// their process ends, and at the end. Not thread-safe: owned by the thread that reads the ring.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "agent/base/bytes.h"
#include "agent/base/counters.h"
#include "agent/capture/event.h"
#include "agent/capture/sealed_record.h"

namespace sonde::capture {

class RecordOpener {
 public:
  using RecordSink = std::function<void(Bytes)>;

  RecordOpener(Counters& counters, RecordSink sink, size_t max_keys = 4096)
      : counters_(counters), sink_(std::move(sink)), max_keys_(max_keys) {}

  // One whole record of the ring, borrowed for the call. Sealed ones become data of a half
  // connection, or nothing; all others pass as they are.
  void on_record(Bytes record);

 private:
  // One direction of a connection, as long as its key is used.
  struct Direction {
    RecordCipher cipher;
    uint64_t end = 0;         // of the plaintext
    uint64_t sealed_end = 0;  // as the kernel counts, to know of what was lost
    uint64_t last_use = 0;
  };

  void on_sealed(const sonde_sealed_record& record, std::span<const uint8_t> input);
  Direction* direction_of(const sonde_sealed_record& record);
  void make_room();
  void forget_process(uint32_t tgid);
  void tell(const sonde_sealed_record& record, Direction& direction,
            const RecordCipher::Opened& opened);

  Counters& counters_;
  RecordSink sink_;
  const size_t max_keys_;
  std::map<ConnectionKey, Direction> directions_;
  uint64_t uses_ = 0;
  std::vector<std::byte> scratch_;  // of the record that is made
};

}  // namespace sonde::capture
