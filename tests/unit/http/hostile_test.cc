// Peers that want to exhaust memory: whatever they send, the heap stays inside a bound, the drop is
// counted, and a connection beside them is heard as always.
#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/support/allocated.h"
#include "tests/unit/http/heard.h"
#include "tests/unit/http/http2_builder.h"

namespace sonde::http {
namespace {

using test::frame;
using test::Heard;
using test::Http2Builder;

constexpr size_t kMiB = 1 << 20;
constexpr uint64_t kTenGiB = uint64_t{10} << 30;

// Counts what it is told and keeps nothing.
struct Tally final : ExchangeHandler {
  uint64_t heads = 0, bytes = 0, request_ends = 0, response_ends = 0, truncated = 0;
  void on_request_head(ExchangeNumber, const Head&) override { ++heads; }
  void on_request_body(ExchangeNumber, Bytes part) override { bytes += part.size(); }
  void on_request_gap(ExchangeNumber, uint64_t) override {}
  void on_request_end(ExchangeNumber, End end) override {
    ++request_ends;
    truncated += end == End::kTruncated;
  }
  void on_response_head(ExchangeNumber, const Head&) override {}
  void on_response_body(ExchangeNumber, Bytes part) override { bytes += part.size(); }
  void on_response_gap(ExchangeNumber, uint64_t) override {}
  void on_response_end(ExchangeNumber, End end) override {
    ++response_ends;
    truncated += end == End::kTruncated;
  }
};

struct Attacked {
  Limits limits;
  Counters counters;
  Tally tally;
  Session session;
  size_t before;
  size_t most = 0;

  explicit Attacked(bool joined_late = false)
      : session(tally, limits, counters, joined_late), before(sonde::test::allocated_bytes()) {}
  Attacked(const Attacked&) = delete;

  void feed(Direction direction, std::string_view text) {
    session.consume(direction, as_bytes(text));
    const size_t now = sonde::test::allocated_bytes();
    most = std::max(most, now > before ? now - before : 0);
  }
  void sent(std::string_view text) { feed(Direction::kSent, text); }
  void received(std::string_view text) { feed(Direction::kReceived, text); }
  uint64_t count(Count which) const { return counters.value(which); }
};

std::string deflated(size_t size, int window_bits, int flush) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string zeros(size, '\0');
  std::string out(size / 500 + 4096, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
  stream.avail_in = static_cast<uInt>(zeros.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, flush);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

TEST(HostileTest, TenGibibytesOfBodyOfKnownLengthAreCut) {
  Attacked attacked;
  attacked.sent("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  attacked.received("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kTenGiB) + "\r\n\r\n");
  const std::string piece(kMiB, 'x');
  for (uint64_t fed = 0; fed < kTenGiB; fed += kMiB) attacked.received(piece);
  EXPECT_EQ(attacked.tally.bytes, attacked.limits.body_bytes);
  EXPECT_EQ(attacked.count(Count::kHttpBodyTruncated), 1U);
  EXPECT_EQ(attacked.count(Count::kHttpBodyBytesDropped), kTenGiB - attacked.limits.body_bytes);
  EXPECT_EQ(attacked.tally.response_ends, 1U);
  EXPECT_EQ(attacked.tally.truncated, 1U);
  EXPECT_LT(attacked.most, 2 * kMiB);
  attacked.sent("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  attacked.received("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(attacked.tally.response_ends, 2U);
  EXPECT_EQ(attacked.tally.truncated, 1U);
}

TEST(HostileTest, EndlessChunksAndEndlessFramesAreCut) {
  const std::string text(64 << 10, 'x');
  Attacked chunked;
  chunked.sent("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  chunked.received("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  Attacked http2;
  Http2Builder client(true);
  Http2Builder server(false);
  http2.sent(client.request(1, "/", true).take());
  http2.received(server.response(1, "200").take());
  const std::string data = frame(Http2FrameType::kData, 0, 1, text);
  for (int i = 0; i < 4096; ++i) {
    chunked.received("10000\r\n" + text + "\r\n");
    http2.received(data);
  }
  for (const Attacked* attacked : {&chunked, &http2}) {
    EXPECT_EQ(attacked->tally.bytes, attacked->limits.body_bytes);
    EXPECT_EQ(attacked->count(Count::kHttpBodyTruncated), 1U);
    EXPECT_LT(attacked->most, kMiB);
  }
}

TEST(HostileTest, AMillionHeaderFieldsCostOneMessage) {
  Attacked attacked;
  attacked.sent("GET / HTTP/1.1\r\nHost: h\r\n");
  std::string fields;
  for (int i = 0; i < 1000; ++i) fields += "field-" + std::to_string(i) + ": v\r\n";
  for (int i = 0; i < 1000; ++i) attacked.sent(fields);
  EXPECT_EQ(attacked.count(Count::kHttpHeaderTooBig), 1U);
  EXPECT_EQ(attacked.tally.heads, 0U);
  attacked.sent("\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(attacked.tally.heads, 1U);
  EXPECT_LT(attacked.most, 4 * kMiB);
}

TEST(HostileTest, AnEndlessHeaderLineIsGivenUp) {
  Attacked attacked;
  attacked.sent("GET / HTTP/1.1\r\nHost: h\r\nx: ");
  const std::string piece(64 << 10, 'x');
  for (int i = 0; i < 1000; ++i) attacked.sent(piece);
  EXPECT_EQ(attacked.count(Count::kHttpHeaderTooBig), 1U);
  EXPECT_LT(attacked.most, kMiB);
}

TEST(HostileTest, HpackBombCostsOneMessage) {
  Attacked attacked;
  Http2Builder client(true);
  // One entry of 4000 bytes, referred to by each byte that follows (RFC 7541, 7.3).
  std::string block = client.block({{":method", "GET"}, {":path", "/"}});
  block += std::string("\x40\x01x\x7f\xa1\x1e", 6) + std::string(4000, 'v');
  attacked.sent(client.take() + frame(Http2FrameType::kHeaders, 0, 1, block));
  const std::string references(16 << 10, '\xbe');
  for (int i = 0; i < 64; ++i) {
    attacked.sent(frame(Http2FrameType::kContinuation, 0, 1, references));
  }
  attacked.sent(frame(Http2FrameType::kContinuation, kFlagEndHeaders, 1, ""));
  EXPECT_EQ(attacked.count(Count::kHttpHeaderTooBig), 1U);
  EXPECT_EQ(attacked.tally.heads, 1U);
  EXPECT_LT(attacked.most, 2 * kMiB);
}

TEST(HostileTest, ContinuationFloodKeepsNothing) {
  Attacked attacked;
  Http2Builder client(true);
  const std::string block = client.block({{":method", "GET"}, {":path", "/"}});
  attacked.sent(client.take() + frame(Http2FrameType::kHeaders, 0, 1, block));
  std::string flood;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "field-" + std::to_string(i);
    flood += frame(Http2FrameType::kContinuation, 0, 1,
                   '\0' + std::string(1, static_cast<char>(name.size())) + name + "\x01v");
    flood += frame(Http2FrameType::kContinuation, 0, 1, "");
  }
  for (int i = 0; i < 500; ++i) attacked.sent(flood);
  EXPECT_EQ(attacked.tally.heads, 0U);
  EXPECT_LT(attacked.most, 2 * kMiB);
  attacked.session.close();
}

TEST(HostileTest, DecompressionBombsAreRefusedInEveryProtocol) {
  const std::string bomb = deflated(200 * kMiB, MAX_WBITS + 16, Z_FINISH);
  Attacked http1;
  http1.sent("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  http1.received("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                 std::to_string(bomb.size()) + "\r\n\r\n" + bomb);
  Attacked http2;
  Http2Builder client(true);
  Http2Builder server(false);
  http2.sent(client.request(1, "/", true).take());
  server.headers(1, {{":status", "200"}, {"content-encoding", "gzip"}});
  for (size_t at = 0; at < bomb.size(); at += 16384) server.data(1, bomb.substr(at, 16384));
  http2.received(server.data(1, "", true).take());
  for (const Attacked* attacked : {&http1, &http2}) {
    EXPECT_EQ(attacked->count(Count::kHttpDecodeBomb), 1U);
    EXPECT_LE(attacked->tally.bytes, 3 * kMiB);
    EXPECT_EQ(attacked->tally.response_ends, 1U);
    EXPECT_EQ(attacked->tally.truncated, 1U);
    EXPECT_LT(attacked->most, kMiB);
  }
}

TEST(HostileTest, WebSocketBombsAndEndlessMessagesAreDropped) {
  Attacked attacked;
  attacked.sent("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  attacked.received(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  const std::string bomb = deflated(200 * kMiB, -MAX_WBITS, Z_SYNC_FLUSH);
  std::string header("\xc1\x7f\0\0\0\0\0", 7);
  for (const int shift : {16, 8, 0}) header += static_cast<char>(bomb.size() >> shift);
  attacked.received(header + bomb);
  EXPECT_EQ(attacked.count(Count::kHttpDecodeFailed), 1U);
  attacked.received(std::string("\x81\x7f\0\0\0\x40\0\0\0\0", 10));  // 256 GiB
  const std::string piece(kMiB, 'x');
  for (int i = 0; i < 100; ++i) attacked.received(piece);
  EXPECT_EQ(attacked.count(Count::kHttpBodyTruncated), 1U);
  EXPECT_EQ(attacked.tally.bytes, 0U);
  EXPECT_LT(attacked.most, 2 * attacked.limits.websocket_message_bytes + 4 * kMiB);
}

TEST(HostileTest, RequestsWithoutAnswersAreBounded) {
  Attacked http1;
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  for (int i = 0; i < 1000; ++i) http1.sent(requests);
  EXPECT_EQ(http1.tally.heads, http1.limits.pipelined_requests);
  EXPECT_EQ(http1.tally.response_ends, http1.tally.heads);
  EXPECT_GT(http1.count(Count::kHttpPipelineOverflow), 1000U);
  EXPECT_FALSE(http1.session.worth_hearing());
  EXPECT_LT(http1.most, kMiB);

  Attacked http2;
  Http2Builder client(true);
  for (uint32_t id = 1; id < 200'001; id += 2) {
    client.headers(id, {{":method", "GET"}, {":path", "/"}}, true);
    if (id % 1000 == 1) http2.sent(client.take());
  }
  EXPECT_EQ(http2.tally.heads, http2.limits.http2_streams);
  EXPECT_GT(http2.count(Count::kHttp2StreamsDropped), 90'000U);
  EXPECT_LT(http2.most, 2 * kMiB);
}

TEST(HostileTest, AnswersWithoutRequestsAreBounded) {
  Attacked attacked;
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  for (int i = 0; i < 50'000; ++i) attacked.received(answer);
  EXPECT_EQ(attacked.tally.heads, 0U);
  EXPECT_LT(attacked.most, kMiB);
}

// Bytes that keep every search busy, one at a time, and the same in one piece.
TEST(HostileTest, SearchingNeverKeepsMoreThanAFewCandidates) {
  const std::string patterns[] = {
      "GET /" + std::string(1000, 'a'), std::string("\0\0\x01\0\0\0\0\0\x01", 9),   "HTTP/1.",
      std::string("\x81\x05", 2),       std::string("\0\xff\xff\0\0\0\0\0\x01", 9),
  };
  for (const std::string& pattern : patterns) {
    Attacked attacked(true);
    std::string text;
    while (text.size() < 64 << 10) text += pattern;
    for (const char& c : text) attacked.session.consume(Direction::kSent, as_bytes({&c, 1}));
    for (int i = 0; i < 100; ++i) attacked.sent(text);
    EXPECT_LT(attacked.most, 2 * kMiB);
    EXPECT_EQ(attacked.tally.bytes, 0U);
  }
}

TEST(HostileTest, GarbageOnOneConnectionDoesNotTouchAnother) {
  Attacked garbage;
  Heard good;
  uint64_t state = 1;
  const auto noise = [&state](size_t size) {
    std::string text(size, '\0');
    for (char& c : text) {
      state = state * 6364136223846793005 + 1442695040888963407;
      c = static_cast<char>(state >> 56);
    }
    return text;
  };
  garbage.sent("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 200; ++i) {
    garbage.sent(noise(4096));
    garbage.received(noise(4096));
    const std::string body = std::to_string(i);
    good.sent("GET /" + body + " HTTP/1.1\r\nHost: h\r\n\r\n");
    good.received("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                  body);
  }
  EXPECT_EQ(good.count(), 200U);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(good.told(i + 1).response.body, std::to_string(i));
    EXPECT_TRUE(good.told(i + 1).response.whole());
  }
  EXPECT_GT(garbage.count(Count::kHttpInvalid), 0U);
  EXPECT_LT(garbage.most, kMiB);
}

}  // namespace
}  // namespace sonde::http
