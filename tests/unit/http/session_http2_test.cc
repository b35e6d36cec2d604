#include <string>

#include <gtest/gtest.h>

#include "tests/support/deflated.h"
#include "tests/support/splits.h"
#include "tests/unit/http/heard.h"
#include "tests/unit/http/http2_builder.h"

namespace sonde::http {
namespace {

using sonde::test::gzip;
using test::frame;
using test::Heard;
using test::Http2Builder;

// Two interleaved streams, padding, priority, CONTINUATION, trailers, frames of unknown types.
std::string client_bytes() {
  Http2Builder client(true);
  client.request(1, "/v1/messages").data(1, "{\"a\":");
  const std::string block = client.block({{":method", "POST"},
                                          {":scheme", "https"},
                                          {":authority", "api.example"},
                                          {":path", "/v1/other"},
                                          {"user-agent", "builder/1"}});
  client.raw(
      frame(Http2FrameType::kHeaders, kFlagPriority | kFlagPadded, 3,
            std::string("\x04\x80\0\0\x01\x10", 6) + block.substr(0, 3) + std::string(4, '\0')));
  client.raw(frame(Http2FrameType::kContinuation, 0, 3, block.substr(3, 2)));
  client.raw(frame(Http2FrameType::kContinuation, kFlagEndHeaders, 3, block.substr(5)));
  client.raw(frame(static_cast<Http2FrameType>(0x10), 0, 0, "priority update"));
  client.data(3, "second", true);
  client.raw(frame(Http2FrameType::kPing, 0, 0, "12345678"));
  client.raw(frame(Http2FrameType::kData, kFlagPadded | kFlagEndStream, 1,
                   std::string("\x03") + "1}" + std::string(3, '\0')));
  return client.take();
}
std::string server_bytes() {
  Http2Builder server(false);
  server.raw(frame(Http2FrameType::kSettings, 1, 0, ""));
  server.response(3, "103").response(3, "404").data(3, "not ").response(1, "200");
  server.data(1, "hello ").data(3, "there", true).data(1, "world");
  server.headers(1, {{"grpc-status", "0"}}, true);
  return server.take();
}

void expect_both(Heard& heard) {
  ASSERT_EQ(heard.count(), 2U);
  EXPECT_EQ(heard.told(1).request.head.method, "POST");
  EXPECT_EQ(heard.told(1).request.head.target, "/v1/messages");
  EXPECT_EQ(heard.told(1).request.head.host(), "api.example");
  EXPECT_EQ(heard.told(1).request.body, "{\"a\":1}");
  EXPECT_EQ(heard.told(1).response.head.status, 200);
  EXPECT_EQ(heard.told(1).response.body, "hello world");
  EXPECT_EQ(heard.told(2).request.head.target, "/v1/other");
  EXPECT_EQ(heard.told(2).request.body, "second");
  EXPECT_EQ(heard.told(2).response.head.status, 404);
  EXPECT_EQ(heard.told(2).response.body, "not there");
  for (ExchangeNumber number : {1, 2}) {
    EXPECT_TRUE(heard.told(number).request.whole());
    EXPECT_TRUE(heard.told(number).response.whole());
  }
}

TEST(Http2SessionTest, EverySplitOfBothDirectionsGivesTheSameExchanges) {
  sonde::test::for_each_split(client_bytes(), [](const sonde::test::Parts& parts) {
    Heard heard;
    for (const auto part : parts) heard.sent(part);
    heard.received(server_bytes());
    expect_both(heard);
    EXPECT_EQ(heard.session.side(), Side::kClient);
  });
  sonde::test::for_each_split(server_bytes(), [](const sonde::test::Parts& parts) {
    Heard heard;
    heard.received(client_bytes());
    for (const auto part : parts) heard.sent(part);
    expect_both(heard);
    EXPECT_EQ(heard.session.side(), Side::kServer);
  });
}

TEST(Http2SessionTest, ResponsesThatOvertakeTheirRequestsArePairedWithThem) {
  const std::string client = client_bytes();
  for (size_t at = 0; at <= client.size(); at += 7) {
    Heard heard;
    heard.sent(std::string_view(client).substr(0, at));
    heard.received(server_bytes());
    heard.sent(std::string_view(client).substr(at));
    expect_both(heard);
  }
}

TEST(Http2SessionTest, EveryTruncationInventsNothing) {
  sonde::test::for_each_truncation(server_bytes(), [](std::string_view prefix) {
    Heard heard;
    heard.sent(client_bytes());
    heard.received(prefix);
    heard.session.close();
    ASSERT_EQ(heard.count(), 2U);
    EXPECT_TRUE(std::string_view("hello world").starts_with(heard.told(1).response.body));
    EXPECT_TRUE(std::string_view("not there").starts_with(heard.told(2).response.body));
    EXPECT_TRUE(heard.told(1).response.ended);
    EXPECT_EQ(heard.told(1).response.whole(), prefix.size() == server_bytes().size());
  });
}

TEST(Http2SessionTest, GapCostsNoLaterExchangeAndIsNeverSilent) {
  Http2Builder client(true);
  const std::string client_first = client.request(1, "/first").data(1, "one", true).take();
  const std::string client_second = client.request(3, "/second").data(3, "two", true).take();
  Http2Builder server(false);
  const std::string server_first =
      server.response(1, "200").data(1, "answer ").data(1, "one", true).take();
  const std::string server_second = server.response(3, "201").data(3, "answer two", true).take();
  sonde::test::for_each_gap(
      server_first, [&](std::string_view before, std::string_view lost, std::string_view after) {
        SCOPED_TRACE(std::to_string(before.size()) + " " + std::to_string(lost.size()));
        Heard heard;
        heard.sent(client_first);
        heard.received(before);
        heard.session.gap(Direction::kReceived, lost.size());
        heard.received(after);
        heard.sent(client_second);
        heard.received(server_second);
        heard.session.close();
        ASSERT_EQ(heard.count(), 2U);
        EXPECT_EQ(heard.told(2).request.head.target, "/second");
        EXPECT_EQ(heard.told(2).response.body, "answer two");
        EXPECT_EQ(heard.told(2).response.end, End::kComplete);
        // Either nothing of the message was lost (SETTINGS), or it is marked.
        const test::Half& first = heard.told(1).response;
        EXPECT_TRUE(first.body == "answer one" || first.end == End::kTruncated);
      });
}

TEST(Http2SessionTest, GapInsideDataContinuesInPlace) {
  Http2Builder client(true);
  Http2Builder server(false);
  Heard heard;
  heard.sent(client.request(1, "/", true).take());
  const std::string answer = server.response(1, "200").data(1, "0123456789", true).take();
  heard.received(std::string_view(answer).substr(0, answer.size() - 8));
  heard.session.gap(Direction::kReceived, 5);
  heard.received("789");
  EXPECT_EQ(heard.told(1).response.body, "01789");
  EXPECT_EQ(heard.told(1).response.lost, 5U);
  EXPECT_EQ(heard.told(1).response.end, End::kTruncated);
}

TEST(Http2SessionTest, JoinedLateHearsTheNextStreamsWithOpaqueFields) {
  Http2Builder client(true);
  Http2Builder server(false);
  client.request(1, "/before", true).take();
  server.response(1, "200").take();
  const std::string rest_of_body = server.data(1, "the end of an answer", true).take();
  const std::string request = client.request(3, "/after").data(3, "prompt", true).take();
  const std::string response = server.response(3, "200").data(3, "answer", true).take();
  for (size_t at = 0; at <= rest_of_body.size(); ++at) {
    Heard heard(true);
    heard.received(std::string_view(rest_of_body).substr(at));
    heard.sent(request);
    heard.received(response);
    ASSERT_EQ(heard.count(), 1U) << at;
    EXPECT_EQ(heard.session.side(), Side::kClient);
    const test::Told& told = heard.told(1);
    EXPECT_EQ(told.request.head.method, "POST");    // static table
    EXPECT_EQ(told.request.head.target, "/after");  // literal
    EXPECT_EQ(told.request.head.host(), "");        // in the table that was not heard
    EXPECT_EQ(told.request.head.field(kOpaqueName), "");
    EXPECT_EQ(told.request.body, "prompt");
    EXPECT_EQ(told.response.head.status, 200);
    EXPECT_EQ(told.response.body, "answer");
    EXPECT_EQ(told.response.end, End::kComplete);
  }
}

// Neither how the body is cut nor how short it is decides what its coding is taken for.
TEST(Http2SessionTest, CodingThatWasNotHeardIsToldHoweverTheBodyIsCut) {
  const std::string text = "data: {\"answer\": \"" + std::string(3000, 'x') + "\"}";
  for (const std::string& plain : {text, std::string("short")}) {
    for (const size_t piece : {size_t{1}, size_t{7}, size_t{5000}}) {
      Http2Builder client(true);
      Http2Builder server(false);
      const test::Pairs fields = {{":status", "200"}, {"content-encoding", "gzip"}};
      client.request(1, "/before", true).take();
      server.headers(1, fields, true).take();
      const std::string body = gzip(plain);
      server.headers(3, fields);
      for (size_t at = 0; at < body.size(); at += piece) {
        server.data(3, body.substr(at, piece), at + piece >= body.size());
      }
      Heard heard(true);
      heard.sent(client.request(3, "/after", true).take());
      heard.received(server.take());
      EXPECT_EQ(heard.told(1).response.body, plain) << piece;
      EXPECT_EQ(heard.told(1).response.end, End::kComplete);
    }
  }
}

TEST(Http2SessionTest, ResetEndsBothMessages) {
  Http2Builder client(true);
  Http2Builder server(false);
  Heard heard;
  heard.sent(client.request(1, "/a").request(3, "/b", true).take());
  heard.received(server.response(1, "200").data(1, "part").take());
  heard.sent(frame(Http2FrameType::kRstStream, 0, 1, std::string("\0\0\0\x08", 4)));
  EXPECT_EQ(heard.told(1).request.end, End::kTruncated);
  EXPECT_EQ(heard.told(1).response.end, End::kTruncated);
  EXPECT_EQ(heard.told(1).response.body, "part");
  heard.received(server.data(1, "late").response(3, "200", true).take());
  EXPECT_EQ(heard.told(1).response.body, "part");
  EXPECT_TRUE(heard.told(2).response.whole());
}

TEST(Http2SessionTest, GoawayEndsTheStreamsItDidNotTake) {
  Http2Builder client(true);
  Http2Builder server(false);
  Heard heard;
  heard.sent(client.request(1, "/a", true).request(3, "/b", true).take());
  heard.received(server.take() +
                 frame(Http2FrameType::kGoaway, 0, 0, std::string("\0\0\0\x01\0\0\0\0dbg", 11)));
  EXPECT_FALSE(heard.told(1).response.ended);
  EXPECT_EQ(heard.told(2).response.end, End::kTruncated);
  EXPECT_TRUE(heard.told(2).response.ended);
}

TEST(Http2SessionTest, StreamsAboveTheLimitAreCounted) {
  Limits limits;
  limits.http2_streams = 2;
  Http2Builder client(true);
  Heard heard(false, limits);
  for (uint32_t id = 1; id < 10; id += 2) client.request(id, "/", true);
  heard.sent(client.take());
  EXPECT_EQ(heard.count(), 2U);
  EXPECT_EQ(heard.counters.value(Count::kHttp2StreamsDropped), 3U);
}

TEST(Http2SessionTest, StreamsWhoseEndWasLostDoNotFillTheConnection) {
  Limits limits;
  limits.http2_streams = 4;
  Http2Builder client(true);
  Http2Builder server(false);
  Heard heard(false, limits);
  for (uint32_t id = 1; id < 101; id += 2) {
    heard.sent(client.request(id, "/", true).take());
    heard.received(server.response(id, "200").data(id, "part").take());
    server.data(id, "the end", true).take();
    heard.session.gap(Direction::kReceived, 0);
  }
  EXPECT_EQ(heard.count(), 50U);
  EXPECT_EQ(heard.counters.value(Count::kHttp2StreamsDropped), 0U);
  heard.session.close();
  for (auto& [number, told] : heard.transcript.exchanges) {
    EXPECT_TRUE(told.response.ended);
    EXPECT_EQ(told.response.end, End::kTruncated);
  }
}

TEST(Http2SessionTest, HeaderSectionAboveTheLimitKeepsTheTableInStep) {
  Limits limits;
  limits.header_bytes = 300;
  Http2Builder client(true);
  Http2Builder server(false);
  Heard heard(false, limits);
  heard.sent(
      client.headers(1, {{":method", "GET"}, {":path", "/"}, {"x", std::string(900, 'x')}}, true)
          .request(3, "/next", true)
          .take());
  EXPECT_EQ(heard.counters.value(Count::kHttpHeaderTooBig), 1U);
  EXPECT_EQ(heard.told(2).request.head.target, "/next");
  EXPECT_EQ(heard.told(2).request.head.host(), "api.example");
}

TEST(Http2SessionTest, UpgradeFromHttp1AnswersOnStreamOne) {
  Http2Builder client(true);
  Http2Builder server(false);
  Heard heard;
  heard.sent(
      "GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n");
  heard.received("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" +
                 server.response(1, "200").data(1, "first", true).take());
  heard.sent(client.request(3, "/v1", true).take());
  heard.received(server.response(3, "200").data(3, "second", true).take());
  ASSERT_EQ(heard.count(), 2U);
  EXPECT_EQ(heard.told(1).response.body, "first");
  EXPECT_TRUE(heard.told(1).request.whole());
  EXPECT_EQ(heard.told(2).response.body, "second");
}

}  // namespace
}  // namespace sonde::http
