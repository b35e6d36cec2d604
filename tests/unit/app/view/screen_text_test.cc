#include "agent/app/view/screen_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sonde::app {
namespace {

using ::testing::ElementsAre;

TEST(SpellOut, LeavesOrdinaryTextAlone) {
  for (const char* text :
       {"plain", "two\nlines", "Grüße, 世界", "👩‍💻 ❤️ नमस्ते"}) {
    EXPECT_EQ(spell_out(text), text);
  }
}

TEST(SpellOut, ShowsWhatATerminalObeysOrAnEyeMisses) {
  EXPECT_EQ(spell_out("\x1b[2Jgone"), "<U+001B>[2Jgone");
  EXPECT_EQ(spell_out("a\xC2\x9B"
                      "b"),
            "a<U+009B>b");  // CSI as one character
  EXPECT_EQ(spell_out("in\u202Eevil"), "in<U+202E>evil");
  EXPECT_EQ(spell_out("hi\U000E0041"), "hi<U+E0041>");
  EXPECT_EQ(spell_out("over\rwritten\r\n"), "over<U+000D>written\n");
  EXPECT_EQ(spell_out("\xFF\xC3"), "<FF><C3>");
  EXPECT_EQ(spell_out("a\tb"), "a b");
}

TEST(ColumnsOf, CountsWhatIsSeen) {
  EXPECT_EQ(columns_of("abc"), 3U);
  EXPECT_EQ(columns_of("世界"), 4U);
  EXPECT_EQ(columns_of("e\u0301"), 1U);
}

TEST(Wrap, BreaksAtBlanks) {
  EXPECT_THAT(wrap("one two three", 8), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("one two  three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("exact fit", 9), ElementsAre("exact fit"));
  EXPECT_THAT(wrap("a\n\nb", 10), ElementsAre("a", "", "b"));
  EXPECT_THAT(wrap("", 10), ElementsAre(""));
}

TEST(Wrap, CutsAWordThatIsTooLong) {
  EXPECT_THAT(wrap("abcdefgh", 3), ElementsAre("abc", "def", "gh"));
  EXPECT_THAT(wrap("世界世界", 5), ElementsAre("世界", "世界"));
  EXPECT_THAT(wrap("界", 1), ElementsAre("界"));  // never an endless loop
}

TEST(Wrap, LeavesLinesWholeWithoutAScreen) {
  EXPECT_THAT(wrap("a long line stays\nso", 0), ElementsAre("a long line stays", "so"));
}

TEST(HeadAndTail, FitInTheColumns) {
  EXPECT_EQ(head("abcdef", 6), "abcdef");
  EXPECT_EQ(head("abcdefg", 6), "abc...");
  EXPECT_EQ(head("世界世界", 7), "世界...");
  EXPECT_EQ(tail("abcdef", 3), "def");
  EXPECT_EQ(tail("世界", 3), "界");
  EXPECT_EQ(tail("abc", 9), "abc");
}

}  // namespace
}  // namespace sonde::app
