// What one TLS record says that was heard below ring's AES-GCM, given the key it was called with.
//
// GHASH undone gives the additional data itself: it says for certain whether this is a TLS record
// (RFC 8446, 5.2; RFC 5246, 6.2.3.3; RFC 5288, 3), how long it is, and in TLS 1.2 what it carries.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/capture/ghash.h"
#include "sonde/abi.h"

struct evp_cipher_ctx_st;

namespace sonde::capture {

// Of one key, which it holds until it ends, and then wipes. Not thread-safe.
class RecordCipher {
 public:
  // nullopt: no AES key of 128 or 256 bits.
  static std::optional<RecordCipher> create(const sonde_sealed_record& record);
  RecordCipher(RecordCipher&&) noexcept;
  RecordCipher& operator=(RecordCipher&&) = delete;
  ~RecordCipher();

  struct Opened {
    bool sent = false;
    bool application_data = false;
    uint32_t length = 0;             // of the application data; where it is missing, at most
    std::vector<uint8_t> plaintext;  // begins with the application data; empty: bytes are missing
  };
  // nullopt: no TLS record. `input` is what the record holds behind its fixed part.
  std::optional<Opened> open(const sonde_sealed_record& record, std::span<const uint8_t> input);

 private:
  struct FreeContext {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  using Context = std::unique_ptr<evp_cipher_ctx_st, FreeContext>;
  // The part that every record shows: its kind, content type (TLS 1.2) and length.
  struct Additional {
    bool tls13 = false;
    uint8_t content_type = 0;
    uint32_t length = 0;  // of the plaintext
  };

  explicit RecordCipher(Context context) : context_(std::move(context)) {}
  static std::optional<Additional> parse(const Block& additional);
  bool apply(const Block& counter, std::span<const uint8_t> input, std::span<uint8_t> output);
  std::optional<Opened> open_short(const sonde_sealed_record& record, const Block& block);
  Opened finish(const Additional& additional, bool sent, std::vector<uint8_t> plaintext) const;

  Context context_;
  FieldElement inverse_;  // of the hash key
};

}  // namespace sonde::capture
