#include "agent/capture/record_opener.h"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "agent/capture/ghash.h"

namespace sonde::capture {
namespace {

using namespace std::string_literals;

constexpr uint32_t kProcess = 42;
constexpr uint8_t kData = 23;
constexpr uint8_t kHandshake = 22;

Block block_of_hex(std::string_view hex) {
  Block block{};
  for (size_t i = 0; i < block.size(); ++i) {
    block[i] = static_cast<uint8_t>(std::stoi(std::string(hex.substr(2 * i, 2)), nullptr, 16));
  }
  return block;
}

// NIST SP 800-38D's test vectors as published with GCM: test case 2.
TEST(Ghash, HashesAsPublished) {
  const FieldElement key = to_element(block_of_hex("66e94bd4ef8a2c3b884cfa59ca342b2e"));
  const FieldElement text = to_element(block_of_hex("0388dace60b6a392f328c2b971b2fe78"));
  const FieldElement lengths{0, 128};
  const FieldElement hash = multiply(add(multiply(text, key), lengths), key);
  EXPECT_EQ(to_block(hash), block_of_hex("f38cbb1ad69223dcc3457ae5b6b0f885"));
  const FieldElement one{uint64_t{1} << 63, 0};
  EXPECT_EQ(multiply(key, invert(key)), one);
  EXPECT_EQ(multiply(hash, multiply(key, invert(key))), hash);
  EXPECT_EQ(invert({}), FieldElement{});
}

using Octets = std::vector<uint8_t>;

Octets octets(std::string_view text) { return {text.begin(), text.end()}; }

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// OpenSSL's AES-GCM, as the other side of everything below.
struct Sealer {
  Octets key;
  Block nonce{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

  explicit Sealer(size_t key_bytes) {
    for (size_t i = 0; i < key_bytes; ++i) key.push_back(static_cast<uint8_t>(i * 7 + 1));
  }

  // Ciphertext, then the tag.
  Octets seal(const Octets& plaintext, const Octets& additional) const {
    const Context context(EVP_CIPHER_CTX_new());
    int length = 0;
    Octets sealed(plaintext.size() + 16);
    EVP_EncryptInit_ex(context.get(), key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(),
                       nullptr, key.data(), nonce.data());
    EVP_EncryptUpdate(context.get(), nullptr, &length, additional.data(),
                      static_cast<int>(additional.size()));
    EVP_EncryptUpdate(context.get(), sealed.data(), &length, plaintext.data(),
                      static_cast<int>(plaintext.size()));
    EVP_EncryptFinal_ex(context.get(), sealed.data() + length, &length);
    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, 16, &sealed[plaintext.size()]);
    return sealed;
  }

  Block encrypt(const Block& block) const {
    const Context context(EVP_CIPHER_CTX_new());
    Block out{};
    int length = 0;
    EVP_EncryptInit_ex(context.get(), key.size() == 16 ? EVP_aes_128_ecb() : EVP_aes_256_ecb(),
                       nullptr, key.data(), nullptr);
    EVP_EncryptUpdate(context.get(), out.data(), &length, block.data(), 16);
    return out;
  }

  Block counter(uint8_t number) const {
    Block block = nonce;
    block[15] = number;
    return block;
  }
};

Octets additional13(size_t plaintext) {
  const size_t length = plaintext + 16;
  return {kData, 3, 3, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
}

Octets additional12(size_t plaintext, uint8_t type) {
  return {0,
          0,
          0,
          0,
          0,
          0,
          0,
          9,
          type,
          3,
          3,
          static_cast<uint8_t>(plaintext >> 8),
          static_cast<uint8_t>(plaintext)};
}

class RecordOpenerTest : public ::testing::TestWithParam<size_t> {
 protected:
  void start(uint32_t kind, size_t given) {
    record_ = {};
    record_.data.header = {SONDE_RECORD_SEALED, SONDE_ABI_VERSION, 0, 5, kProcess, kProcess};
    record_.data.handle = 7;
    record_.data.generation_ns = 8;
    record_.data.stream_pos = sealed_;
    record_.data.original_len = static_cast<uint32_t>(given);
    record_.data.flags = SONDE_DATA_HALF;
    record_.kind = kind;
    record_.rounds = sealer_.key.size() == 16 ? 9 : 13;
    std::memcpy(record_.key, sealer_.key.data(), sealer_.key.size());
    std::memcpy(record_.counter, sealer_.counter(2).data(), 16);
    sealed_ += given;
  }

  void send(const Octets& input) {
    record_.data.captured_len = static_cast<uint32_t>(input.size());
    record_.data.header.size = static_cast<uint32_t>(sizeof(record_) + input.size());
    std::vector<std::byte> bytes(record_.data.header.size);
    std::memcpy(bytes.data(), &record_, sizeof(record_));
    std::memcpy(bytes.data() + sizeof(record_), input.data(), input.size());
    opener_.on_record(bytes);
  }

  // As a function that sees all whole blocks, or all bytes, of the record.
  void hear(bool sent, const Octets& plaintext, const Octets& additional, bool whole_blocks) {
    start(sent ? SONDE_SEALED_ENCRYPT : SONDE_SEALED_DECRYPT,
          plaintext.size() - (whole_blocks ? plaintext.size() % 16 : 0));
    Block padded{};
    std::copy(additional.begin(), additional.end(), padded.begin());
    const FieldElement key = to_element(sealer_.encrypt({}));
    std::memcpy(record_.hash, to_block(multiply(to_element(padded), key)).data(), 16);
    // What stands behind the record in memory comes along.
    Octets input = sent ? plaintext : sealer_.seal(plaintext, additional);
    input.resize(record_.data.original_len + SONDE_SEALED_TAIL, 0xee);
    send(input);
  }

  void hear_short(bool sent, const Octets& plaintext, const Octets& additional) {
    const Octets sealed = sealer_.seal(plaintext, additional);
    start(SONDE_SEALED_SHORT, 16);
    const Block mask = sealer_.encrypt(sealer_.counter(1));
    for (size_t i = 0; i < 16; ++i)
      record_.hash[i] = static_cast<uint8_t>(sealed[plaintext.size() + i] ^ mask[i]);
    Octets block = sent ? plaintext : Octets(sealed.begin(), sealed.end() - 16);
    block.resize(16);
    send(block);
  }

  void on_out(Bytes bytes) {
    const auto event = decode(bytes);
    ASSERT_TRUE(event);
    const auto* data = std::get_if<DataEvent>(&event->body);
    ASSERT_NE(data, nullptr);
    out_.push_back(std::string(data->sent ? "> " : "< ") + std::to_string(data->position) + " " +
                   std::string(as_text(data->bytes)) +
                   (data->original_bytes > data->bytes.size()
                        ? " lacks " + std::to_string(data->original_bytes)
                        : ""));
  }

  Sealer sealer_{GetParam()};
  Counters counters_;
  RecordOpener opener_{counters_, [this](Bytes bytes) { on_out(bytes); }};
  sonde_sealed_record record_{};
  uint64_t sealed_ = 0;
  std::vector<std::string> out_;
};

TEST_P(RecordOpenerTest, RecordsOfTls13BothWays) {
  const std::string text = "GET / HTTP/1.1 and a little more";
  for (const bool whole_blocks : {false, true}) {
    for (const bool sent : {true, false}) {
      const Octets plaintext = octets(text + '\x17');
      hear(sent, plaintext, additional13(plaintext.size()), whole_blocks);
    }
  }
  EXPECT_EQ(out_, (std::vector<std::string>{"> 0 " + text, "< 32 " + text, "> 64 " + text,
                                            "< 96 " + text}));
}

TEST_P(RecordOpenerTest, PaddingIsNoData) {
  Octets plaintext = octets("twenty bytes of data\x17");
  plaintext.resize(200);
  hear(false, plaintext, additional13(plaintext.size()), true);
  EXPECT_EQ(out_, std::vector<std::string>{"< 0 twenty bytes of data"});
}

TEST_P(RecordOpenerTest, OnlyDataOfTls12) {
  const std::string text = "the content ends in zeros: \0\0"s;
  hear(true, octets(text), additional12(text.size(), kHandshake), true);
  hear(true, octets(text), additional12(text.size(), kData), true);
  EXPECT_EQ(out_, std::vector<std::string>{"> 0 " + text});
  EXPECT_EQ(counters_.value(Count::kRecordsNotTls), 0U);
}

TEST_P(RecordOpenerTest, RecordsOfLessThanABlock) {
  for (const bool sent : {true, false}) {
    for (size_t length = 1; length < 16; ++length) {
      out_.clear();
      Octets plaintext(length, 'x');
      plaintext.back() = kData;
      hear_short(sent, plaintext, additional13(length));
      if (length > 1) {
        ASSERT_EQ(out_.size(), 1U) << length;
        EXPECT_NE(out_[0].find(' ' + std::string(length - 1, 'x')), std::string::npos);
        EXPECT_EQ(out_[0].front(), sent ? '>' : '<');
      }
      out_.clear();
      plaintext.back() = 0;  // TLS 1.2 has no type there
      hear_short(sent, plaintext, additional12(length, kData));
      ASSERT_EQ(out_.size(), 1U) << length;
      EXPECT_EQ(out_[0].size() - out_[0].rfind(' ') - 1, length);
    }
  }
  EXPECT_EQ(counters_.value(Count::kRecordsNotTls), 0U);
}

TEST_P(RecordOpenerTest, WhatIsNoTlsRecordIsNothing) {
  const Octets plaintext = octets("a file that some program seals for itself\x17");
  hear(true, plaintext, octets("my file"), true);
  hear(true, plaintext, {}, true);
  hear(true, plaintext, additional13(plaintext.size() + 16), true);  // says another length
  hear_short(true, octets("short\x17"), octets("my file"));
  EXPECT_TRUE(out_.empty());
  EXPECT_EQ(counters_.value(Count::kRecordsNotTls), 4U);
}

TEST_P(RecordOpenerTest, WhatIsMissingIsAGap) {
  const Octets plaintext = octets("sixteen bytes and more\x17");
  hear(true, plaintext, additional13(plaintext.size()), false);
  sealed_ += 100;  // a record that the ring had no room for
  hear(true, plaintext, additional13(plaintext.size()), false);
  start(SONDE_SEALED_ENCRYPT, plaintext.size());  // memory that could not be read
  Block padded{};
  const Octets additional = additional13(plaintext.size());
  std::copy(additional.begin(), additional.end(), padded.begin());
  std::memcpy(record_.hash,
              to_block(multiply(to_element(padded), to_element(sealer_.encrypt({})))).data(), 16);
  send({});
  EXPECT_EQ(out_, (std::vector<std::string>{"> 0 sixteen bytes and more",
                                            "> 122 sixteen bytes and more", "> 144  lacks 22"}));
}

TEST_P(RecordOpenerTest, HostileRecordsAreCounted) {
  start(SONDE_SEALED_ENCRYPT, 100);
  record_.rounds = 11;  // no key of TLS
  send(octets("x"));
  record_.rounds = 9;
  record_.kind = SONDE_SEALED_SHORT;
  send(octets("x"));  // less than a block
  std::vector<std::byte> cut(sizeof(sonde_record_header));
  std::memcpy(cut.data(), &record_.data.header, cut.size());
  opener_.on_record(cut);
  EXPECT_TRUE(out_.empty());
  EXPECT_EQ(counters_.value(Count::kRecordsNotTls), 2U);
  EXPECT_EQ(counters_.value(Count::kEventsMalformed), 1U);
}

INSTANTIATE_TEST_SUITE_P(Aes, RecordOpenerTest, ::testing::Values(16, 32));

}  // namespace
}  // namespace sonde::capture
