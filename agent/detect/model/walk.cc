#include "agent/detect/model/walk.h"

#include <algorithm>

namespace sonde::detect::model {
namespace {

constexpr size_t kSystemPromptBytes = size_t{64} << 10;
// The manuals that coding agents have for a prompt forbid something about every word: to share one
// with them says nothing.
constexpr size_t kMostGuarded = 96;
constexpr size_t kMostWords = 384;

bool names_something(const Token& token, const Lexicon& lexicon) {
  return token.end - token.start >= 4 && token.cls >= kFirstLexiconClass
             ? !lexicon.quiet(token.cls)
             : token.cls == kNoClass && token.end - token.start >= 4;
}

}  // namespace

void SystemWords::read(std::string_view system_prompt, const Lexicon& lexicon) {
  empty_ = system_prompt.empty();
  if (empty_) return;
  words_.reset();
  guarded_.reset();
  ClassSet guards;
  for (const auto* name : {"secret", "neg", "conceal", "strongreveal", "illicit"})
    guards.add(lexicon.id_of(name));
  asking_ = {};
  for (const auto* name : {"show", "strongreveal", "qword", "repeat", "hint", "encode"})
    asking_.add(lexicon.id_of(name));
  Tokenizer tokenizer(lexicon);
  tokenizer.begin(system_prompt.substr(0, kSystemPromptBytes));
  Segment segment;
  while (tokenizer.next(segment)) {
    const bool guarded = std::any_of(
        segment.tokens.begin(), segment.tokens.end(),
        [&](const Token& token) { return token.cls != kNoClass && guards.has(token.cls); });
    for (const Token& token : segment.tokens) {
      if (!names_something(token, lexicon)) continue;
      words_.set(token.hash % kBits);
      if (guarded) guarded_.set(token.hash % kBits);
    }
  }
  if (guarded_.count() > kMostGuarded) guarded_.reset();
  if (words_.count() > kMostWords) words_.reset();
}

uint8_t SystemWords::relate(const Segment& segment, const Lexicon& lexicon) const {
  if (empty_) return 0;
  size_t shared = 0;
  size_t guarded = 0;
  for (const Token& token : segment.tokens) {
    if (!names_something(token, lexicon)) continue;
    shared += words_.test(token.hash % kBits) ? 1 : 0;
    guarded += guarded_.test(token.hash % kBits) ? 1 : 0;
  }
  uint8_t flags = kSystemKnown;
  if (guarded >= 1) flags |= kSharesGuarded;
  if (guarded >= 2) flags |= kSharesTwoGuarded;
  if (shared >= 3) flags |= kSharesThreeWords;
  if (guarded >= 1 &&
      std::any_of(segment.tokens.begin(), segment.tokens.end(), [&](const Token& token) {
        return token.cls != kNoClass && asking_.has(token.cls);
      })) {
    flags |= kAsksForGuarded;
  }
  return flags;
}

DocumentKind document_kind(std::string_view text, std::string_view hint) {
  if (hint == "email") return DocumentKind::kEmail;
  if (hint == "json") return DocumentKind::kJson;
  if (hint == "html") return DocumentKind::kHtml;
  if (hint == "code") return DocumentKind::kCode;
  if (hint == "web") return DocumentKind::kWeb;
  const std::string_view head = text.substr(0, 600);
  const size_t start = head.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return DocumentKind::kUnknown;
  const char first = head[start];
  if (first == '{' || first == '[') return DocumentKind::kJson;
  if (first == '<') return DocumentKind::kHtml;
  const auto has = [&](std::string_view what) { return head.find(what) != std::string_view::npos; };
  if (has("Subject:") || has("SUBJECT:") || has("From:") || has("Dear ") || has("\nHi "))
    return DocumentKind::kEmail;
  if (has("def ") || has("#include") || has("import ") || has("function ") || has("Traceback"))
    return DocumentKind::kCode;
  return DocumentKind::kUnknown;
}

void remember(const Segment& segment, SegmentContext& context) {
  context.first = false;
  context.before_count = 0;
  ClassSet seen;
  for (const Token& token : segment.tokens) {
    if (token.cls < kFirstLexiconClass || (token.flags & kQuietWord) != 0 || !seen.add(token.cls))
      continue;
    context.before[context.before_count++] = token.cls;
    if (context.before_count == context.before.size()) return;
  }
}

Stretch unknown_stretch(const Segment& segment) {
  constexpr size_t kFewestWords = 4;
  size_t words = 0;
  size_t unknown = 0;
  Stretch run;
  Stretch best;
  size_t run_words = 0;
  for (const Token& token : segment.tokens) {
    if (token.cls != kNoClass && token.cls < kFirstLexiconClass) continue;
    ++words;
    if (token.cls != kNoClass) {
      run_words = 0;
      continue;
    }
    ++unknown;
    if (run_words++ == 0) run.start = token.start;
    run.end = token.end;
    if (run_words >= kFewestWords) best = run;
  }
  if (words >= kFewestWords && unknown * 10 >= words * 7) {
    return {segment.tokens.front().start, segment.tokens.back().end};
  }
  return best;
}

}  // namespace sonde::detect::model
