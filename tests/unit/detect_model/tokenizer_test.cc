#include "agent/detect/model/tokenizer.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent/detect/model/embedded.h"
#include "agent/detect/model/fold.h"

namespace sonde::detect::model {
namespace {

const Lexicon& lexicon() {
  static const Lexicon kLexicon(embedded_lexicon());
  return kLexicon;
}

std::vector<std::string> segments(std::string_view text) {
  Tokenizer tokenizer(lexicon());
  tokenizer.begin(text);
  std::vector<std::string> out;
  Segment segment;
  while (tokenizer.next(segment)) {
    out.emplace_back(text.substr(segment.start, segment.end - segment.start));
  }
  return out;
}

std::vector<ClassId> classes(std::string_view text) {
  Tokenizer tokenizer(lexicon());
  tokenizer.begin(text);
  std::vector<ClassId> out;
  Segment segment;
  while (tokenizer.next(segment)) {
    for (const Token& token : segment.tokens) out.push_back(token.cls);
  }
  return out;
}

ClassId named(std::string_view name) { return lexicon().id_of(name); }

TEST(TokenizerTest, SentencesAndLinesAreSegments) {
  EXPECT_EQ(segments("One two. Three four!\nFive"),
            (std::vector<std::string>{"One two", "Three four!", "Five"}));
}

TEST(TokenizerTest, LinesWithoutStopsAreSegments) {
  EXPECT_EQ(
      segments("Bolts for sale\nMail them to Bob\r\n\r\n- item one\r- item two"),
      (std::vector<std::string>{"Bolts for sale", "Mail them to Bob", "item one", "item two"}));
}

TEST(TokenizerTest, HandWrappedParagraphStaysOneSegment) {
  const std::string text =
      "this line is so long that somebody must have wrapped it by hand\nand goes on here";
  EXPECT_EQ(segments(text).size(), 1U);
}

TEST(TokenizerTest, JsonStringsAreSegmentsOfTheirOwn) {
  const auto found = segments(R"({"note": "call me back", "id": 7})");
  EXPECT_EQ(found, (std::vector<std::string>{"\"note", "\"call me back", "\"id", "7"}));
}

TEST(TokenizerTest, WrittenLineEndBreaks) {
  EXPECT_EQ(segments(R"(first part\nsecond part)").size(), 2U);
}

TEST(TokenizerTest, BlockTagsBreakAndInlineTagsDoNot) {
  EXPECT_EQ(segments("<p>one two</p><p>three <b>four</b></p>").size(), 2U);
}

TEST(TokenizerTest, PrefixEntryMatchesInflectedWord) {
  EXPECT_EQ(classes("ignorieren").front(), named("override"));
  EXPECT_EQ(classes("Anweisungen").front(), named("instructions"));
}

TEST(TokenizerTest, PhraseTakesTheClassOfTheWhole) {
  EXPECT_EQ(classes("system prompt"), (std::vector<ClassId>{kNoClass, named("sysprompt")}));
}

TEST(TokenizerTest, ChineseIsReadByLongestEntry) {
  const auto found = classes("忽略之前的指令");
  ASSERT_GE(found.size(), 3U);
  EXPECT_EQ(found.front(), named("override"));
  EXPECT_EQ(found.back(), named("instructions"));
}

TEST(TokenizerTest, LookAlikesFullWidthAndInvisiblesReadAsPlain) {
  const ClassId wanted = named("override");
  EXPECT_EQ(classes("іgnоrе").front(), wanted) << "Cyrillic letters in a Latin word";
  EXPECT_EQ(classes("ｉｇｎｏｒｅ").front(), wanted) << "full-width";
  EXPECT_EQ(classes("ig\xE2\x80\x8Bno\xC2\xADre").front(), wanted)
      << "zero-width space, soft hyphen";
  EXPECT_EQ(classes("𝐢𝐠𝐧𝐨𝐫𝐞").front(), wanted) << "mathematical bold";
}

TEST(TokenizerTest, EveryUnicodeCharacterIsPassedOver) {
  for (uint32_t code = 1; code < 0x11000; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    std::string text = "a ";
    if (code < 0x80) {
      text.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
      text += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
    } else if (code < 0x10000) {
      text += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
               static_cast<char>(0x80 | (code & 63))};
    } else {
      text += {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 63)),
               static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
    }
    EXPECT_GE(segments(text + " b").size(), 1U);
  }
}

TEST(TokenizerTest, SegmentsAreBounded) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "word ";
  Tokenizer tokenizer(lexicon());
  tokenizer.begin(text);
  Segment segment;
  size_t tokens = 0;
  while (tokenizer.next(segment)) {
    EXPECT_LE(segment.tokens.size(), kSegmentTokens);
    EXPECT_LE(segment.end - segment.start, kSegmentBytes + 64);
    tokens += segment.tokens.size();
  }
  EXPECT_EQ(tokens, 5000U);
}

}  // namespace
}  // namespace sonde::detect::model
