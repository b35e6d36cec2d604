// Records of the kernel side below an AEAD: each 2 bytes of length, then as long a record, all of
// one process. What comes out must be records that decode() takes.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "agent/capture/event.h"
#include "agent/capture/record_opener.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sonde::Counters counters;
  sonde::capture::RecordOpener opener(
      counters,
      [](sonde::Bytes record) {
        sonde_record_header header{};
        if (record.size() < sizeof(header)) return;
        std::memcpy(&header, record.data(), sizeof(header));
        const bool made_here = header.kind == SONDE_RECORD_DATA && header.size == record.size();
        if (made_here && header.version == SONDE_ABI_VERSION && !sonde::capture::decode(record) &&
            header.tgid == 1) {
          std::abort();
        }
      },
      4);
  std::span<const uint8_t> rest(data, size);
  while (rest.size() > 2) {
    const size_t length = std::min<size_t>(rest[0] << 8 | rest[1], rest.size() - 2);
    std::vector<uint8_t> bytes(rest.begin() + 2, rest.begin() + 2 + static_cast<ptrdiff_t>(length));
    sonde_sealed_record record{};
    if (bytes.size() >= sizeof(record)) {
      std::memcpy(&record, bytes.data(), sizeof(record));
      record.data.header.kind = SONDE_RECORD_SEALED;
      record.data.header.version = SONDE_ABI_VERSION;
      record.data.header.tgid = 1;
      std::memcpy(bytes.data(), &record, sizeof(record));
    }
    opener.on_record(std::as_bytes(std::span(bytes)));
    rest = rest.subspan(2 + length);
  }
  return 0;
}
