#include <string>

#include <gtest/gtest.h>

#include "tests/support/splits.h"
#include "tests/unit/http/heard.h"

namespace sonde::http {
namespace {

using test::Heard;

constexpr Direction kSent = Direction::kSent;
constexpr Direction kReceived = Direction::kReceived;

const std::string kRequest1 =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n"
    "Content-Length: 15\r\n\r\n{\"model\":\"one\"}";
const std::string kResponse1 =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n"
    "5;name=value\r\nhello\r\n7\r\n, world\r\n0\r\nTrailer: x\r\n\r\n";
const std::string kRequest2 = "GET /v1/models HTTP/1.1\r\nHost: api.example\r\n\r\n";
const std::string kResponse2 = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone";

void expect_first(test::Told& told) {
  EXPECT_EQ(told.request.head.target, "/v1/chat/completions");
  EXPECT_EQ(told.request.head.host(), "api.example");
  EXPECT_EQ(told.request.body, "{\"model\":\"one\"}");
  EXPECT_EQ(told.response.head.status, 200);
  EXPECT_EQ(told.response.body, "hello, world");
  EXPECT_TRUE(told.request.whole());
  EXPECT_TRUE(told.response.whole());
}
void expect_second(test::Told& told) {
  EXPECT_EQ(told.request.head.target, "/v1/models");
  EXPECT_EQ(told.response.head.status, 404);
  EXPECT_EQ(told.response.body, "none");
  EXPECT_TRUE(told.request.whole());
  EXPECT_TRUE(told.response.whole());
}

TEST(Http1SessionTest, EverySplitOfBothDirectionsGivesTheSameExchanges) {
  sonde::test::for_each_split(kRequest1 + kRequest2, [](const sonde::test::Parts& parts) {
    Heard heard;
    for (const auto part : parts) heard.sent(part);
    heard.received(kResponse1 + kResponse2);
    ASSERT_EQ(heard.count(), 2U);
    expect_first(heard.told(1));
    expect_second(heard.told(2));
  });
  sonde::test::for_each_split(kResponse1 + kResponse2, [](const sonde::test::Parts& parts) {
    Heard heard;
    heard.sent(kRequest1 + kRequest2);
    for (const auto part : parts) heard.received(part);
    ASSERT_EQ(heard.count(), 2U);
    expect_first(heard.told(1));
    expect_second(heard.told(2));
  });
}

TEST(Http1SessionTest, ResponseThatOvertakesItsRequestIsPairedWithIt) {
  sonde::test::for_each_split(kResponse1, [](const sonde::test::Parts& parts) {
    Heard heard;
    for (const auto part : parts) heard.received(part);
    EXPECT_EQ(heard.count(), 0U);
    heard.sent(kRequest1);
    heard.received(kResponse2);
    heard.sent(kRequest2);
    ASSERT_EQ(heard.count(), 2U);
    expect_first(heard.told(1));
    expect_second(heard.told(2));
  });
}

TEST(Http1SessionTest, SideFollowsWhoSendsTheRequest) {
  Heard client;
  client.sent(kRequest1);
  EXPECT_EQ(client.session.side(), Side::kClient);
  Heard server;
  server.received(kRequest1);
  EXPECT_EQ(server.session.side(), Side::kServer);
  server.sent(kResponse1);
  expect_first(server.told(1));
  Heard answer_first;
  answer_first.received("HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(answer_first.session.side(), Side::kClient);
}

TEST(Http1SessionTest, EveryTruncationInventsNothing) {
  sonde::test::for_each_truncation(kResponse1, [](std::string_view prefix) {
    Heard heard;
    heard.sent(kRequest1);
    heard.received(prefix);
    heard.session.close();
    ASSERT_EQ(heard.count(), 1U);
    const test::Half& response = heard.told(1).response;
    EXPECT_TRUE(response.ended);
    EXPECT_EQ(response.whole(), prefix.size() == kResponse1.size());
    EXPECT_TRUE(std::string_view("hello, world").starts_with(response.body));
  });
  sonde::test::for_each_truncation(kRequest1, [](std::string_view prefix) {
    Heard heard;
    heard.sent(prefix);
    heard.session.close();
    for (auto& [number, told] : heard.transcript.exchanges) {
      EXPECT_TRUE(told.request.ended);
      EXPECT_EQ(told.request.whole(), prefix.size() == kRequest1.size());
    }
  });
}

TEST(Http1SessionTest, GapInAResponseCostsOnlyTheMessagesItTouches) {
  sonde::test::for_each_gap(
      kResponse1, [](std::string_view before, std::string_view lost, std::string_view after) {
        SCOPED_TRACE(std::string(before) + "<<" + std::string(lost) + ">>");
        Heard heard;
        heard.sent(kRequest1);
        heard.received(before);
        heard.session.gap(kReceived, lost.size());
        heard.received(after);
        heard.sent(kRequest2);
        heard.received(kResponse2);
        ASSERT_EQ(heard.count(), 2U);
        EXPECT_FALSE(heard.told(1).response.whole());
        EXPECT_TRUE(heard.told(1).response.ended);
        expect_second(heard.told(2));
      });
}

TEST(Http1SessionTest, GapInARequestCostsOnlyTheMessagesItTouches) {
  sonde::test::for_each_gap(
      kRequest1, [](std::string_view before, std::string_view lost, std::string_view after) {
        SCOPED_TRACE(std::string(before) + "<<" + std::string(lost) + ">>");
        Heard heard;
        heard.sent(before);
        heard.session.gap(kSent, lost.size());
        heard.sent(after);
        heard.received(kResponse1);
        heard.sent(kRequest2);
        heard.received(kResponse2);
        ASSERT_LE(heard.count(), 2U);
        if (heard.count() == 2) {
          EXPECT_FALSE(heard.told(1).request.whole());
        }
        expect_second(heard.transcript.exchanges.rbegin()->second);
      });
}

TEST(Http1SessionTest, GapInsideABodyOfKnownLengthContinuesInPlace) {
  Heard heard;
  heard.sent(kRequest2);
  heard.received("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01");
  heard.session.gap(kReceived, 5);
  heard.received("789");
  heard.sent(kRequest2);
  heard.received(kResponse2);
  EXPECT_EQ(heard.told(1).response.body, "01789");
  EXPECT_EQ(heard.told(1).response.lost, 5U);
  EXPECT_EQ(heard.told(1).response.end, End::kTruncated);
  expect_second(heard.told(2));
}

TEST(Http1SessionTest, JoinedLateInTheMiddleOfAnythingHearsTheNextExchangeWhole) {
  for (size_t at = 0; at < kResponse1.size(); ++at) {
    Heard heard(true);
    heard.received(std::string_view(kResponse1).substr(at));
    EXPECT_EQ(heard.count(), 0U) << at;
    heard.sent(kRequest2);
    heard.received(kResponse2);
    ASSERT_EQ(heard.count(), 1U) << at;
    expect_second(heard.told(1));
  }
  for (size_t at = 1; at < kRequest1.size(); ++at) {
    Heard heard(true);
    heard.sent(std::string_view(kRequest1).substr(at));
    heard.received(kResponse1);
    heard.sent(kRequest2);
    heard.received(kResponse2);
    ASSERT_EQ(heard.count(), 1U) << at;
    expect_second(heard.told(1));
  }
}

TEST(Http1SessionTest, InterimResponsesAreConsumed) {
  Heard heard;
  heard.sent("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  heard.received("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
  heard.sent("ok");
  heard.received("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!");
  EXPECT_EQ(heard.told(1).request.body, "ok");
  EXPECT_EQ(heard.told(1).response.head.status, 200);
  EXPECT_EQ(heard.told(1).response.body, "!");
}

TEST(Http1SessionTest, ResponsesWithoutBodyDoNotSwallowTheNext) {
  for (const std::string head : {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
                                 "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"}) {
    Heard heard;
    heard.sent(kRequest1 + kRequest2);
    heard.received(head + kResponse2);
    EXPECT_TRUE(heard.told(1).response.whole());
    expect_second(heard.told(2));
  }
  Heard heard;
  heard.sent("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + kRequest2);
  heard.received("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + kResponse2);
  EXPECT_TRUE(heard.told(1).response.whole());
  expect_second(heard.told(2));
}

TEST(Http1SessionTest, CloseEndsABodyWithoutLength) {
  Heard heard;
  heard.sent(kRequest2);
  heard.received("HTTP/1.1 200 OK\r\n\r\nall of ");
  heard.received("it");
  EXPECT_FALSE(heard.told(1).response.ended);
  heard.session.close();
  EXPECT_EQ(heard.told(1).response.body, "all of it");
  EXPECT_TRUE(heard.told(1).response.whole());
}

TEST(Http1SessionTest, TheEndOfCaptureCutsABodyWithoutLength) {
  Heard heard;
  heard.sent(kRequest2);
  heard.received("HTTP/1.1 200 OK\r\n\r\npart of ");
  heard.session.close(Ending::kNotHeardOn);
  EXPECT_EQ(heard.told(1).response.body, "part of ");
  EXPECT_TRUE(heard.told(1).response.ended);
  EXPECT_FALSE(heard.told(1).response.whole());
}

TEST(Http1SessionTest, OtherProtocolsAreNotWorthHearing) {
  Heard heard;
  heard.received("220 mail.example ESMTP\r\n");
  EXPECT_FALSE(heard.session.worth_hearing());
  EXPECT_EQ(heard.counters.value(Count::kConnectionsNotHttp), 1U);
  Heard late(true);
  const std::string noise(1000, '\x17');
  late.received(noise);
  EXPECT_TRUE(late.session.worth_hearing());
  for (int i = 0; i < 70; ++i) {
    late.received(noise);
    late.sent(noise);
  }
  EXPECT_FALSE(late.session.worth_hearing());
}

TEST(Http1SessionTest, MalformedRequestIsCountedAndTheNextIsHeard) {
  Heard heard;
  heard.sent(kRequest2);
  heard.received(kResponse2);
  heard.sent("GET / HTTP/1.1\r\nno colon here\r\n\r\n");
  heard.received("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(heard.counters.value(Count::kHttpInvalid), 1U);
  heard.sent(kRequest2);
  heard.received(kResponse2);
  ASSERT_EQ(heard.count(), 2U);
  expect_second(heard.told(2));
}

TEST(Http1SessionTest, RequestsAboveThePipelineLimitAreCountedAndDoNotShiftThePairing) {
  Limits limits;
  limits.pipelined_requests = 2;
  Heard heard(false, limits);
  for (int i = 0; i < 4; ++i) heard.sent(kRequest2);
  EXPECT_EQ(heard.counters.value(Count::kHttpPipelineOverflow), 2U);
  for (int i = 0; i < 4; ++i) heard.received(kResponse2);
  heard.sent(kRequest1);
  heard.received(kResponse1);
  ASSERT_EQ(heard.count(), 3U);
  expect_second(heard.told(2));
  expect_first(heard.told(3));
}

TEST(Http1SessionTest, HeaderSectionAboveTheLimitIsCounted) {
  Limits limits;
  limits.header_bytes = 200;
  Heard heard(false, limits);
  heard.sent("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(300, 'x') + "\r\n\r\n");
  EXPECT_EQ(heard.counters.value(Count::kHttpHeaderTooBig), 1U);
  EXPECT_EQ(heard.count(), 0U);
}

TEST(Http1SessionTest, BodyAboveTheLimitIsCutAndMarked) {
  Limits limits;
  limits.body_bytes = 4;
  Heard heard(false, limits);
  heard.sent(kRequest1);
  EXPECT_EQ(heard.told(1).request.body, "{\"mo");
  EXPECT_EQ(heard.told(1).request.end, End::kTruncated);
  EXPECT_EQ(heard.counters.value(Count::kHttpBodyTruncated), 1U);
  EXPECT_EQ(heard.counters.value(Count::kHttpBodyBytesDropped), 11U);
}

TEST(Http1SessionTest, TunnelIsHeardAnew) {
  Heard heard;
  heard.sent("CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n");
  heard.received("HTTP/1.1 200 Connection established\r\n\r\n");
  EXPECT_TRUE(heard.told(1).response.whole());
  heard.sent(kRequest2);
  heard.received(kResponse2);
  expect_second(heard.told(2));
}

TEST(Http1SessionTest, RefusedUpgradeIsAnOrdinaryExchange) {
  const std::string upgrade =
      "POST / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: h2c\r\n"
      "Content-Length: 2\r\n\r\nhi";
  Heard heard;
  heard.sent(upgrade);
  heard.sent(kRequest2);
  heard.received("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
  heard.received(kResponse2);
  EXPECT_TRUE(heard.told(1).request.whole());
  EXPECT_EQ(heard.told(1).response.body, "no");
  expect_second(heard.told(2));
}

TEST(Http1SessionTest, FirstPieceOfAnySizeIsRecognised) {
  Heard heard;
  const std::string body(8 << 20, 'x');
  heard.sent("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8388608\r\n\r\n" + body);
  heard.received(kResponse1);
  EXPECT_TRUE(heard.told(1).request.whole());
  EXPECT_EQ(heard.told(1).request.pieces, 1U);
  EXPECT_EQ(heard.told(1).request.body, body);
  EXPECT_TRUE(heard.told(1).response.whole());
}

TEST(Http1SessionTest, EndlessEmptyLinesAreGivenUp) {
  Heard heard;
  const std::string lines(1000, '\n');
  for (int i = 0; i < 100; ++i) heard.sent(lines);
  EXPECT_FALSE(heard.session.worth_hearing());
  EXPECT_EQ(heard.counters.value(Count::kConnectionsNotHttp), 1U);
}

}  // namespace
}  // namespace sonde::http
