#include "agent/capture/sealed_record.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace sonde::capture {
namespace {

constexpr uint32_t kTagBytes = 16;
constexpr uint8_t kApplicationData = 23;
constexpr size_t kBlockBytes = 16;
constexpr std::array<uint64_t, 2> kAdditionalBits{40, 104};  // of TLS 1.3 and TLS 1.2

template <size_t kSize>
Block block_of(const uint8_t (&bytes)[kSize]) {
  static_assert(kSize == kBlockBytes);
  Block block;
  std::copy_n(bytes, kSize, block.begin());
  return block;
}

uint32_t big_endian16(const uint8_t* bytes) {
  return static_cast<uint32_t>(bytes[0]) << 8 | bytes[1];
}

bool all_zero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

}  // namespace

void RecordCipher::FreeContext::operator()(evp_cipher_ctx_st* context) const {
  EVP_CIPHER_CTX_free(context);  // wipes the key
}

std::optional<RecordCipher> RecordCipher::create(const sonde_sealed_record& record) {
  const EVP_CIPHER* cipher = nullptr;
  if (record.rounds == 9 || record.rounds == 10) cipher = EVP_aes_128_ctr();
  if (record.rounds == 13 || record.rounds == 14) cipher = EVP_aes_256_ctr();
  Context context(EVP_CIPHER_CTX_new());
  const Block zero{};
  if (cipher == nullptr || !context ||
      EVP_EncryptInit_ex(context.get(), cipher, nullptr, record.key, zero.data()) != 1) {
    return std::nullopt;
  }
  RecordCipher made(std::move(context));
  Block hash_key{};
  if (!made.apply(zero, zero, hash_key)) return std::nullopt;
  made.inverse_ = invert(to_element(hash_key));
  OPENSSL_cleanse(hash_key.data(), hash_key.size());
  return made;
}

RecordCipher::RecordCipher(RecordCipher&&) noexcept = default;

RecordCipher::~RecordCipher() { OPENSSL_cleanse(&inverse_, sizeof(inverse_)); }

// Counter mode from this block on.
bool RecordCipher::apply(const Block& counter, std::span<const uint8_t> input,
                         std::span<uint8_t> output) {
  int written = 0;
  return EVP_EncryptInit_ex(context_.get(), nullptr, nullptr, nullptr, counter.data()) == 1 &&
         EVP_EncryptUpdate(context_.get(), output.data(), &written, input.data(),
                           static_cast<int>(input.size())) == 1;
}

std::optional<RecordCipher::Additional> RecordCipher::parse(const Block& additional) {
  const std::span<const uint8_t> bytes(additional);
  if (bytes[0] == kApplicationData && bytes[1] == 3 && bytes[2] == 3 &&
      all_zero(bytes.subspan(5))) {
    const uint32_t length = big_endian16(&bytes[3]);
    if (length <= kTagBytes) return std::nullopt;
    return Additional{true, kApplicationData, length - kTagBytes};
  }
  if (bytes[8] >= 20 && bytes[8] <= kApplicationData && bytes[9] == 3 && bytes[10] == 3 &&
      all_zero(bytes.subspan(13))) {
    return Additional{false, bytes[8], big_endian16(&bytes[11])};
  }
  return std::nullopt;
}

// TLS 1.3: the last byte that is not zero is the type.
RecordCipher::Opened RecordCipher::finish(const Additional& additional, bool sent,
                                          std::vector<uint8_t> plaintext) const {
  Opened opened{.sent = sent,
                .application_data = additional.content_type == kApplicationData,
                .length = additional.length,
                .plaintext = std::move(plaintext)};
  if (!additional.tls13) return opened;
  if (opened.plaintext.empty()) {
    --opened.length;
    return opened;
  }
  const auto type = std::find_if(opened.plaintext.rbegin(), opened.plaintext.rend(),
                                 [](uint8_t byte) { return byte != 0; });
  opened.application_data = type != opened.plaintext.rend() && *type == kApplicationData;
  opened.length =
      opened.application_data ? static_cast<uint32_t>(opened.plaintext.rend() - type - 1) : 0;
  return opened;
}

std::optional<RecordCipher::Opened> RecordCipher::open(const sonde_sealed_record& record,
                                                       std::span<const uint8_t> input) {
  if (record.kind == SONDE_SEALED_SHORT) {
    Block block{};
    if (input.size() < block.size()) return std::nullopt;
    std::copy_n(input.begin(), block.size(), block.begin());
    return open_short(record, block);
  }
  const Block hash = block_of(record.hash);
  const auto additional = parse(to_block(multiply(to_element(hash), inverse_)));
  if (!additional) return std::nullopt;
  const uint32_t given = record.data.original_len;
  if (given != additional->length && given != additional->length - additional->length % kBlockBytes)
    return std::nullopt;
  const bool sent = record.kind == SONDE_SEALED_ENCRYPT;
  std::vector<uint8_t> plaintext;
  if (input.size() >= additional->length) {
    input = input.first(additional->length);
    plaintext.assign(input.begin(), input.end());
    if (!sent && !apply(block_of(record.counter), input, plaintext)) plaintext.clear();
  }
  return finish(*additional, sent, std::move(plaintext));
}

/*
 * A block with zeros behind the record's bytes, and the hash of all: S = ((A H + C) H + L) H. For
 * each length, version and direction that may be, A follows, and tells whether it was so.
 */
std::optional<RecordCipher::Opened> RecordCipher::open_short(const sonde_sealed_record& record,
                                                             const Block& block) {
  Block other{};  // plaintext of ciphertext, and the other way round
  if (!apply(block_of(record.counter), block, other)) return std::nullopt;
  const FieldElement hashed = multiply(to_element(block_of(record.hash)), inverse_);
  for (uint32_t length = 1; length < kBlockBytes; ++length) {
    if (!all_zero(std::span(block).subspan(length))) continue;
    for (const bool sent : {true, false}) {
      Block ciphertext = sent ? other : block;
      std::fill(ciphertext.begin() + length, ciphertext.end(), uint8_t{0});
      for (const uint64_t bits : kAdditionalBits) {
        const FieldElement lengths{bits, uint64_t{length} * 8};
        const FieldElement after =
            add(multiply(add(hashed, lengths), inverse_), to_element(ciphertext));
        const auto additional = parse(to_block(multiply(after, inverse_)));
        if (!additional || additional->length != length) continue;
        const Block& plain = sent ? block : other;
        return finish(*additional, sent, {plain.begin(), plain.begin() + length});
      }
    }
  }
  return std::nullopt;
}

}  // namespace sonde::capture
