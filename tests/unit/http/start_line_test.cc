#include "agent/http/start_line.h"

#include <string>

#include <gtest/gtest.h>

namespace sonde::http {
namespace {

TEST(StartLineTest, ParsesRequestAndStatusLines) {
  Head head;
  EXPECT_TRUE(parse_start_line(StartKind::kRequest, "POST /a?b=c HTTP/1.1", head));
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/a?b=c");
  EXPECT_TRUE(parse_start_line(StartKind::kResponse, "HTTP/1.0 404", head));
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.version, Version::kHttp10);
  for (const char* line : {"GET /", "GET  HTTP/1.1", "G(T / HTTP/1.1", "GET / HTTP/2.0",
                           "GET /\x01 HTTP/1.1", "", " / HTTP/1.1"}) {
    EXPECT_FALSE(parse_start_line(StartKind::kRequest, line, head)) << line;
  }
  for (const char* line : {"HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1  200", "HTTP/2 200 OK",
                           "HTTP/1.1 099 No", "ICY 200 OK"}) {
    EXPECT_FALSE(parse_start_line(StartKind::kResponse, line, head)) << line;
  }
}

TEST(StartLineTest, SearchFindsALineAfterTheEndOfABody) {
  const std::string text = "{\"x\":\"GET POST /y HTTP\"}POST /v1 HTTP/1.1\r\n";
  const StartSearch found = find_start(StartKind::kRequest, text);
  EXPECT_EQ(found.likeness, Likeness::kYes);
  EXPECT_EQ(found.offset, text.find("POST /v1"));
  const StartSearch response = find_start(StartKind::kResponse, "0\r\n\r\nHTTP/1.1 200 OK\r\n");
  EXPECT_EQ(response.likeness, Likeness::kYes);
  EXPECT_EQ(response.offset, 5U);
}

TEST(StartLineTest, SearchKeepsWhatMayBecomeALine) {
  const std::string line = "POST /v1 HTTP/1.1\r\n";
  for (size_t size = 1; size < line.size(); ++size) {
    const StartSearch found = find_start(StartKind::kRequest, "xyz" + line.substr(0, size));
    EXPECT_EQ(found.likeness, Likeness::kMaybe) << size;
    EXPECT_EQ(found.offset, 3U) << size;
  }
}

}  // namespace
}  // namespace sonde::http
