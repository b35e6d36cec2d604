#include "agent/app/view/live_region.h"

#include <algorithm>

#include <fmt/format.h>

#include "agent/app/view/screen_text.h"
#include "agent/llm/utf8.h"

namespace sonde::app {

void LiveRegion::update(const Terminal& terminal, uint64_t answer, std::string_view speaker,
                        std::string_view text) {
  if (!terminal.interactive) return;
  auto line = std::find_if(lines_.begin(), lines_.end(),
                           [&](const Line& known) { return known.answer == answer; });
  if (line == lines_.end()) {
    if (lines_.size() >= kAnswers) return;
    line = lines_.insert(line, Line{answer, spell_out(speaker), {}});
  }
  line->text += text;
  if (line->text.size() > 2 * kTextBytes) {
    size_t start = line->text.size() - kTextBytes;
    while (start < line->text.size() && (static_cast<uint8_t>(line->text[start]) & 0xC0U) == 0x80U)
      ++start;
    line->text.erase(0, start);
  }
  if (std::chrono::steady_clock::now() - last_draw_ >= kPause) draw(terminal);
}

void LiveRegion::end(uint64_t answer) {
  std::erase_if(lines_, [&](const Line& line) { return line.answer == answer; });
}

void LiveRegion::erase(const Terminal& terminal) {
  if (drawn_ > 0) fmt::print(terminal.out, "\x1b[{}A\r\x1b[J", drawn_);
  drawn_ = 0;
}

void LiveRegion::draw(const Terminal& terminal) {
  if (!terminal.interactive) return;
  erase(terminal);
  last_draw_ = std::chrono::steady_clock::now();
  for (const Line& line : lines_) {
    if (drawn_ == kLines) break;
    const std::string speaker = head(line.speaker, terminal.columns / 2);
    std::string text = spell_out(line.text);
    std::replace(text.begin(), text.end(), '\n', ' ');
    const size_t room = terminal.columns - columns_of(speaker) - 2;  // its last column stays free
    fmt::print(terminal.out, "{}{}{} {}{}{}\n", terminal.paint(kFaint), speaker,
               terminal.paint(kPlain), terminal.paint(kGreen), tail(text, room),
               terminal.paint(kPlain));
    ++drawn_;
  }
  std::fflush(terminal.out);
}

}  // namespace sonde::app
