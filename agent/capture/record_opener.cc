#include "agent/capture/record_opener.h"

#include <algorithm>
#include <cstring>

#include <openssl/crypto.h>

namespace sonde::capture {

void RecordOpener::on_record(Bytes bytes) {
  sonde_record_header header{};
  if (bytes.size() >= sizeof(header)) std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.kind == SONDE_RECORD_EXIT) forget_process(header.tgid);
  if (header.kind != SONDE_RECORD_SEALED) return sink_(bytes);
  sonde_sealed_record record{};
  if (bytes.size() < sizeof(record)) return counters_.add(Count::kEventsMalformed);
  std::memcpy(&record, bytes.data(), sizeof(record));
  const Bytes input = bytes.subspan(sizeof(record));
  on_sealed(record, {reinterpret_cast<const uint8_t*>(input.data()), input.size()});
  OPENSSL_cleanse(record.key, sizeof(record.key));
}

void RecordOpener::on_sealed(const sonde_sealed_record& record, std::span<const uint8_t> input) {
  Direction* const direction = direction_of(record);
  if (direction == nullptr) return counters_.add(Count::kRecordsNotTls);
  if (record.data.stream_pos > direction->sealed_end) {
    direction->end += record.data.stream_pos - direction->sealed_end;
  }
  direction->sealed_end = record.data.stream_pos + record.data.original_len;
  const auto opened = direction->cipher.open(record, input);
  if (!opened) return counters_.add(Count::kRecordsNotTls);
  if (opened->application_data && opened->length > 0) tell(record, *direction, *opened);
}

RecordOpener::Direction* RecordOpener::direction_of(const sonde_sealed_record& record) {
  const ConnectionKey key{record.data.header.tgid, record.data.handle, record.data.generation_ns};
  auto found = directions_.find(key);
  if (found == directions_.end()) {
    auto cipher = RecordCipher::create(record);
    if (!cipher) return nullptr;
    if (directions_.size() >= max_keys_) make_room();
    found = directions_.emplace(key, Direction{std::move(*cipher)}).first;
  }
  found->second.last_use = ++uses_;
  return &found->second;
}

// Drops the quarter that was not used for longest.
void RecordOpener::make_room() {
  std::vector<uint64_t> uses;
  uses.reserve(directions_.size());
  for (const auto& [key, direction] : directions_) uses.push_back(direction.last_use);
  const auto last = uses.begin() + static_cast<std::ptrdiff_t>(uses.size() / 4);
  std::nth_element(uses.begin(), last, uses.end());
  const uint64_t oldest_kept = *last;
  const size_t dropped = std::erase_if(directions_, [oldest_kept](const auto& entry) {
    return entry.second.last_use <= oldest_kept;
  });
  counters_.add(Count::kConnectionsEvicted, dropped);
}

void RecordOpener::forget_process(uint32_t tgid) {
  auto at = directions_.lower_bound({tgid, 0, 0});
  while (at != directions_.end() && at->first.tgid == tgid) at = directions_.erase(at);
}

void RecordOpener::tell(const sonde_sealed_record& sealed, Direction& direction,
                        const RecordCipher::Opened& opened) {
  sonde_data_record record = sealed.data;
  const size_t captured = opened.plaintext.empty() ? 0 : opened.length;
  record.header.kind = SONDE_RECORD_DATA;
  record.header.size = static_cast<__u32>(sizeof(record) + captured);
  record.stream_pos = direction.end;
  record.original_len = opened.length;
  record.captured_len = static_cast<__u32>(captured);
  record.direction = opened.sent ? SONDE_DIRECTION_SENT : SONDE_DIRECTION_RECEIVED;
  direction.end += opened.length;
  scratch_.resize(record.header.size);
  std::memcpy(scratch_.data(), &record, sizeof(record));
  if (captured != 0) {
    std::memcpy(scratch_.data() + sizeof(record), opened.plaintext.data(), captured);
  }
  sink_(scratch_);
}

}  // namespace sonde::capture
