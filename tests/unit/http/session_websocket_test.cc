#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/support/splits.h"
#include "tests/unit/http/heard.h"
#include "tests/unit/http/http2_builder.h"

namespace sonde::http {
namespace {

using test::Heard;

constexpr uint8_t kFin = 0x80;
constexpr uint8_t kCompressed = 0x40;

std::string ws_frame(uint8_t first, std::string payload, bool masked) {
  std::string out(1, static_cast<char>(first));
  const uint8_t mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(mask_bit | payload.size());
  } else {
    out += static_cast<char>(mask_bit | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  if (masked) {
    const std::string key = "\x11\x82\xf3\x04";
    out += key;
    for (size_t i = 0; i < payload.size(); ++i) payload[i] ^= key[i % 4];
  }
  return out + payload;
}

// One endpoint's permessage-deflate encoder.
class Deflater {
 public:
  Deflater() { deflateInit2(&stream_, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY); }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  std::string message(std::string text) {
    std::string out(text.size() + 200, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(text.data());
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    deflate(&stream_, Z_SYNC_FLUSH);
    out.resize(out.size() - stream_.avail_out - 4);
    return out;
  }

 private:
  z_stream stream_{};
};

const std::string kUpgrade =
    "GET /v1/realtime HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n";
const std::string kAccepted =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

std::string client_bytes() {
  return ws_frame(kFin | 1, "{\"type\":\"one\"}", true) + ws_frame(1, "{\"type\":", true) +
         ws_frame(kFin | 9, "ping", true) + ws_frame(0, "\"", true) +
         ws_frame(kFin | 0, "two\"}", true) + ws_frame(kFin | 2, std::string(300, 'b'), true);
}

std::string server_bytes() {
  Deflater deflater;
  const std::string one = deflater.message("answer one answer one");
  const std::string two = deflater.message("answer two answer two");  // refers back into the first
  return ws_frame(kFin | kCompressed | 1, one, false) +
         ws_frame(kCompressed | 1, two.substr(0, 3), false) + ws_frame(kFin | 10, "", false) +
         ws_frame(kFin | 0, two.substr(3), false) + ws_frame(kFin | 1, "plain", false) +
         ws_frame(kFin | 8, "\x03\xe8", false);
}

void expect_messages(Heard& heard) {
  ASSERT_EQ(heard.count(), 1U);
  const test::Told& told = heard.told(1);
  EXPECT_EQ(told.response.head.version, Version::kWebSocket);
  EXPECT_EQ(told.request.body, "{\"type\":\"one\"}{\"type\":\"two\"}" + std::string(300, 'b'));
  EXPECT_EQ(told.request.pieces, 3U);
  EXPECT_EQ(told.response.pieces, 3U);
  EXPECT_TRUE(told.request.whole());
  EXPECT_TRUE(told.response.whole());
}

TEST(WebSocketSessionTest, EverySplitOfBothDirectionsGivesTheSameMessages) {
  sonde::test::for_each_split(kUpgrade + client_bytes(), [](const sonde::test::Parts& parts) {
    Heard heard;
    for (const auto part : parts) heard.sent(part);  // overtakes the answer
    heard.received(kAccepted + server_bytes());
    heard.session.close();
    expect_messages(heard);
  });
  Deflater deflater;
  sonde::test::for_each_split(kAccepted + server_bytes(), [](const sonde::test::Parts& parts) {
    Heard heard;
    heard.sent(kUpgrade);
    for (const auto part : parts) heard.received(part);
    heard.sent(client_bytes());
    heard.session.close();
    expect_messages(heard);
    EXPECT_EQ(heard.told(1).response.body, "answer one answer oneanswer two answer twoplain");
  });
}

// RFC 8441: the same messages inside the DATA frames of one stream, beside another stream.
TEST(WebSocketSessionTest, ExtendedConnectCarriesMessagesOverHttp2) {
  test::Http2Builder client(true);
  test::Http2Builder server(false);
  client.headers(1, {{":method", "CONNECT"},
                     {":protocol", "websocket"},
                     {":scheme", "https"},
                     {":path", "/v1/realtime"},
                     {":authority", "h"}});
  server.headers(1, {{":status", "200"}, {"sec-websocket-extensions", "permessage-deflate"}});
  const std::string up = client_bytes();
  const std::string down = server_bytes();
  client.data(1, up.substr(0, 20)).request(3, "/other", true).data(1, up.substr(20), true);
  server.data(1, down.substr(0, 33)).response(3, "204", true).data(1, down.substr(33), true);
  const std::string sent = client.take();
  sonde::test::for_each_split(server.take(), [&](const sonde::test::Parts& parts) {
    Heard heard;
    heard.sent(sent);
    for (const auto part : parts) heard.received(part);
    ASSERT_EQ(heard.count(), 2U);
    const test::Told& told = heard.told(1);
    EXPECT_EQ(told.request.head.field(":protocol"), "websocket");
    EXPECT_EQ(told.request.pieces, 3U);
    EXPECT_EQ(told.response.body, "answer one answer oneanswer two answer twoplain");
    EXPECT_EQ(told.response.pieces, 3U);
    EXPECT_TRUE(told.request.whole());
    EXPECT_TRUE(told.response.whole());
    EXPECT_TRUE(heard.told(2).response.whole());
  });
}

TEST(WebSocketSessionTest, GapInsideAnExtendedConnectCostsOneMessage) {
  test::Http2Builder client(true);
  test::Http2Builder server(false);
  Heard heard;
  heard.sent(client.headers(1, {{":method", "CONNECT"}, {":protocol", "websocket"}, {":path", "/"}})
                 .take());
  heard.received(server.response(1, "200").take());
  const std::string first = server.data(1, ws_frame(kFin | 1, "{\"first\":1}", false)).take();
  heard.received(first.substr(0, first.size() - 5));
  heard.session.gap(Direction::kReceived, 5);
  heard.received(server.data(1, ws_frame(kFin | 1, "{\"second\":1}", false)).take());
  heard.session.close();
  EXPECT_EQ(heard.told(1).response.body, "{\"second\":1}");
  EXPECT_TRUE(heard.told(1).response.has_gap);
  EXPECT_EQ(heard.told(1).response.end, End::kTruncated);
}

TEST(WebSocketSessionTest, EveryGapDropsMessagesAndInventsNone) {
  sonde::test::for_each_gap(server_bytes(), [](std::string_view before, std::string_view lost,
                                               std::string_view after) {
    SCOPED_TRACE(std::to_string(before.size()) + " " + std::to_string(lost.size()));
    Heard heard;
    heard.sent(kUpgrade);
    heard.received(kAccepted);
    heard.received(before);
    heard.session.gap(Direction::kReceived, lost.size());
    heard.received(after);
    heard.session.close();
    std::string body = heard.told(1).response.body;
    for (const std::string whole : {"answer one answer one", "answer two answer two", "plain"}) {
      if (body.starts_with(whole)) body.erase(0, whole.size());
    }
    EXPECT_EQ(body, "");
  });
}

TEST(WebSocketSessionTest, GapOfUnknownSizeIsSearchedForTheNextMessage) {
  Heard heard;
  heard.sent(kUpgrade);
  heard.received(kAccepted + ws_frame(kFin | 1, "first", false));
  heard.session.gap(Direction::kReceived, 0);
  heard.received("rest of something lost" + ws_frame(kFin | 1, "{\"second\":1}", false));
  heard.received(ws_frame(kFin | 1, "{\"third\":1}", false));
  heard.session.close();
  EXPECT_EQ(heard.told(1).response.body, "first{\"second\":1}{\"third\":1}");
  EXPECT_EQ(heard.told(1).response.end, End::kTruncated);
  EXPECT_TRUE(heard.told(1).request.whole());
}

TEST(WebSocketSessionTest, MessageAboveTheLimitIsDroppedAndTheNextIsHeard) {
  Limits limits;
  limits.websocket_message_bytes = 100;
  Heard heard(false, limits);
  heard.sent(kUpgrade);
  heard.received(kAccepted + ws_frame(kFin | 1, std::string(101, 'x'), false));
  Deflater deflater;
  heard.received(ws_frame(kFin | kCompressed | 1, deflater.message(std::string(5000, 'x')), false));
  heard.received(ws_frame(kFin | 1, "next", false));
  EXPECT_EQ(heard.told(1).response.body, "next");
  EXPECT_TRUE(heard.told(1).response.has_gap);
  EXPECT_EQ(heard.counters.value(Count::kHttpBodyTruncated), 1U);
  EXPECT_EQ(heard.counters.value(Count::kHttpDecodeFailed), 1U);
}

}  // namespace
}  // namespace sonde::http
