// The last lines of a terminal: answers that are still coming, one line each, redrawn in place.
//
// Not thread-safe. Draws nothing where the terminal cannot be redrawn.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/app/view/terminal.h"

namespace sonde::app {

class LiveRegion {
 public:
  // Sets the end of `text` behind `speaker`, as much as fits. Redraws ten times a second at most.
  void update(const Terminal& terminal, uint64_t answer, std::string_view speaker,
              std::string_view text);
  void end(uint64_t answer);
  // Takes the lines off the screen, so that something else can be printed; they come back with the
  // next update() or draw().
  void erase(const Terminal& terminal);
  void draw(const Terminal& terminal);

 private:
  struct Line {
    uint64_t answer = 0;
    std::string speaker;
    std::string text;
  };
  static constexpr size_t kLines = 4;         // on the screen
  static constexpr size_t kAnswers = 64;      // remembered
  static constexpr size_t kTextBytes = 1024;  // of each, more than any screen is wide
  static constexpr std::chrono::milliseconds kPause{100};

  std::vector<Line> lines_;
  size_t drawn_ = 0;  // lines on the screen now
  std::chrono::steady_clock::time_point last_draw_;
};

}  // namespace sonde::app
