#include "agent/http/framing.h"

#include <gtest/gtest.h>

namespace sonde::http {
namespace {

Head head(std::vector<Field> fields, int status = 200) {
  Head result;
  result.status = status;
  result.fields = std::move(fields);
  return result;
}

TEST(FramingTest, TransferEncodingOverridesContentLength) {
  const Head both = head({{"content-length", "3"}, {"transfer-encoding", "gzip, chunked"}});
  EXPECT_EQ(request_framing(both)->kind, Framing::Kind::kChunked);
  EXPECT_EQ(response_framing(both, "GET")->kind, Framing::Kind::kChunked);
}

TEST(FramingTest, ContradictingOrMalformedLengthsAreUnknowable) {
  EXPECT_FALSE(request_framing(head({{"content-length", "3"}, {"content-length", "4"}})));
  for (const char* value : {"+3", "-3", "3 4", "0x3", "", "3,4", "9999999999999999999"}) {
    EXPECT_FALSE(request_framing(head({{"content-length", value}}))) << value;
    EXPECT_FALSE(response_framing(head({{"content-length", value}}), "GET")) << value;
  }
  EXPECT_EQ(request_framing(head({{"content-length", "3, 3"}}))->length, 3U);
}

TEST(FramingTest, RequestWithoutLengthHasNoBodyResponseRunsUntilClose) {
  EXPECT_EQ(request_framing(head({}))->length, 0U);
  EXPECT_EQ(response_framing(head({}), "GET")->kind, Framing::Kind::kUntilClose);
}

TEST(FramingTest, RequestWhoseLastCodingIsNotChunkedIsUnknowable) {
  EXPECT_FALSE(request_framing(head({{"transfer-encoding", "chunked, gzip"}})));
  EXPECT_EQ(response_framing(head({{"transfer-encoding", "gzip"}}), "GET")->kind,
            Framing::Kind::kUntilClose);
}

}  // namespace
}  // namespace sonde::http
