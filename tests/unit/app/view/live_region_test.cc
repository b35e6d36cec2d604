#include "agent/app/view/live_region.h"

#include <cstdio>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde::app {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LiveRegionTest : public ::testing::Test {
 protected:
  LiveRegionTest() {
    terminal_.out = open_memstream(&text_, &size_);
    terminal_.interactive = true;
    terminal_.columns = 40;
  }
  ~LiveRegionTest() override {
    fclose(terminal_.out);
    free(text_);  // NOLINT(cppcoreguidelines-no-malloc): open_memstream's
  }
  // What was printed since the last call.
  std::string printed() {
    fflush(terminal_.out);
    std::string all(text_, size_);
    std::string news = all.substr(seen_);
    seen_ = all.size();
    return news;
  }
  Terminal terminal_;
  LiveRegion region_;

 private:
  char* text_ = nullptr;
  size_t size_ = 0;
  size_t seen_ = 0;
};

TEST_F(LiveRegionTest, ShowsTheEndOfEachAnswer) {
  region_.update(terminal_, 1, "node[7] openai", "Once upon a time there was ");
  region_.update(terminal_, 1, "node[7] openai", "a king");
  region_.update(terminal_, 2, "python[8] anthropic", "No.");
  printed();
  region_.draw(terminal_);
  EXPECT_EQ(printed(),
            "\x1b[1A\r\x1b[Jnode[7] openai  a time there was a king\npython[8] anthropic No.\n")
      << "one line was on the screen, two are now";
}

TEST_F(LiveRegionTest, AnEndedAnswerIsGone) {
  region_.update(terminal_, 1, "node[7]", "text");
  region_.end(1);
  printed();
  region_.draw(terminal_);
  EXPECT_EQ(printed(), "\x1b[1A\r\x1b[J");
}

TEST_F(LiveRegionTest, LinesStayInOneRow) {
  region_.update(terminal_, 1, "node[7]", "a\nb\x1b[2J");
  EXPECT_THAT(printed(), EndsWith("a b<U+001B>[2J\n"));
}

TEST_F(LiveRegionTest, MoreThanFitStayOffTheScreen) {
  for (uint64_t answer = 1; answer < 200; ++answer)
    region_.update(terminal_, answer, "p" + std::to_string(answer), "x");
  region_.draw(terminal_);
  printed();
  region_.draw(terminal_);
  EXPECT_THAT(printed(), HasSubstr("\x1b[4A"));
}

TEST_F(LiveRegionTest, IsSilentWhereNothingCanBeRedrawn) {
  terminal_.interactive = false;
  region_.update(terminal_, 1, "node[7]", "text");
  region_.draw(terminal_);
  EXPECT_THAT(printed(), IsEmpty());
}

}  // namespace
}  // namespace sonde::app
