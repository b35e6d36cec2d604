#include "agent/detect/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde::detect {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::string_view_literals;

PickleReport scan(std::string_view bytes) { return scan_pickle(as_bytes(bytes)); }

// Made with Python's pickle, protocols 0, 2 and 4: os.system("id").
constexpr auto kProtocol0 = "cposix\nsystem\np0\n(Vid\np1\ntp2\nRp3\n."sv;
constexpr auto kProtocol2 =
    "\x80\x02"
    "cposix\nsystem\nq\x00X\x02\x00\x00\x00idq\x01\x85q\x02Rq\x03."sv;
constexpr auto kProtocol4 =
    "\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94."sv;
// {"a": [1, 2.5, None, True]}, protocol 4.
constexpr auto kHarmless =
    "\x80\x04\x95\x18\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01"
    "a\x94]\x94(K\x01G@\x04\x00\x00\x00\x00\x00\x00N\x88"
    "es."sv;

TEST(PickleTest, ACallOfTheSystemIsFoundInEveryProtocol) {
  for (const auto bytes : {kProtocol0, kProtocol2, kProtocol4}) {
    const PickleReport report = scan(bytes);
    EXPECT_TRUE(report.is_pickle);
    EXPECT_TRUE(report.whole);
    EXPECT_TRUE(report.calls);
    EXPECT_THAT(report.dangerous, ElementsAre("posix.system"));
  }
}

TEST(PickleTest, DataAloneIsHarmless) {
  const PickleReport report = scan(kHarmless);
  EXPECT_TRUE(report.whole);
  EXPECT_FALSE(report.calls);
  EXPECT_THAT(report.imports, IsEmpty());
}

TEST(PickleTest, WhatModelsNeedIsHarmless) {
  const PickleReport report = scan(
      "\x80\x02"
      "ccollections\nOrderedDict\nq\x00)Rq\x01(ctorch._utils\n_rebuild_tensor_v2\nq\x02u."sv);
  EXPECT_TRUE(report.calls);
  EXPECT_THAT(report.imports,
              ElementsAre("collections.OrderedDict", "torch._utils._rebuild_tensor_v2"));
  EXPECT_THAT(report.dangerous, IsEmpty());
}

TEST(PickleTest, NamesThatComeOutOfTheMemoAreFollowed) {
  // "builtins" and "eval" are put away, covered by other texts, and brought back.
  EXPECT_THAT(scan("\x80\x04\x8c\x08"
                   "builtins\x94\x8c\x04"
                   "eval\x94"
                   "00\x8c\x01x\x8c\x01yh\x00h\x01\x93."sv)
                  .dangerous,
              ElementsAre("builtins.eval"));
}

// Loading fails at the end, and the harm is done by then.
TEST(PickleTest, ABrokenPickleIsJudgedByWhatComesBefore) {
  for (size_t cut = kProtocol2.find("\nq") + 1; cut < kProtocol2.size(); ++cut) {
    const PickleReport report = scan(kProtocol2.substr(0, cut));
    EXPECT_FALSE(report.whole);
    EXPECT_THAT(report.dangerous, ElementsAre("posix.system")) << cut;
  }
  EXPECT_THAT(scan(std::string(kProtocol0) + "\xff\xff").dangerous, ElementsAre("posix.system"));
}

TEST(PickleTest, LaterPicklesOfAFileAreRead) {
  const std::string file = std::string(kHarmless) + std::string(kProtocol4);
  EXPECT_THAT(scan(file).dangerous, ElementsAre("posix.system"));
}

TEST(PickleTest, OtherFilesAreNone) {
  for (const std::string_view bytes : {""sv, "P"sv, "GGUF\x03\x00\x00\x00"sv,
                                       "\x7f"
                                       "ELF"sv,
                                       "{\"a\": 1}"sv, "\x80\x99"sv}) {
    EXPECT_FALSE(scan(bytes).is_pickle);
  }
}

TEST(PickleTest, LengthsThatLieAreNotBelieved) {
  EXPECT_FALSE(scan("\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff."sv).whole);
  EXPECT_FALSE(scan("\x80\x02X\xff\xff\xff\x7fid."sv).whole);
}

TEST(PickleTest, ManyImportsAreBounded) {
  std::string bytes = "\x80\x02";
  for (int i = 0; i < 1000; ++i) bytes += "cmodule\nname" + std::to_string(i) + "\n";
  EXPECT_EQ(scan(bytes + ".").imports.size(), kPickleImports);
}

TEST(PickleTest, SubmodulesOfADangerousModuleAreDangerous) {
  EXPECT_TRUE(is_dangerous_import("os.path", "join"));
  EXPECT_TRUE(is_dangerous_import("__builtin__", "eval"));
  EXPECT_TRUE(is_dangerous_import("torch", "nn.os.system"));
  EXPECT_FALSE(is_dangerous_import("osmnx", "graph"));
  EXPECT_FALSE(is_dangerous_import("builtins", "list"));
  EXPECT_FALSE(is_dangerous_import("numpy.core.multiarray", "_reconstruct"));
}

}  // namespace
}  // namespace sonde::detect
