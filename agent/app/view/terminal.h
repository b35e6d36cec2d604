// What is known of the place where a view is shown.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string_view>

namespace sonde::app {

enum class Colour : uint8_t { kAuto, kAlways, kNever };

// Ask again after a signal or from time to time: people resize windows.
struct Terminal {
  std::FILE* out = stdout;   // borrowed
  bool interactive = false;  // a screen that can be redrawn
  bool colour = false;
  size_t columns = 0;  // 0: not a screen; lines are not broken

  // With kAuto there is colour on a terminal, unless NO_COLOR is set (no-color.org) or TERM is
  // "dumb".
  static Terminal of(std::FILE* out, Colour colour);

  std::string_view paint(std::string_view code) const { return colour ? code : std::string_view(); }
};

inline constexpr std::string_view kPlain = "\x1b[0m";
inline constexpr std::string_view kBold = "\x1b[1m";
inline constexpr std::string_view kFaint = "\x1b[2m";
inline constexpr std::string_view kRed = "\x1b[31m";
inline constexpr std::string_view kGreen = "\x1b[32m";
inline constexpr std::string_view kYellow = "\x1b[33m";
inline constexpr std::string_view kMagenta = "\x1b[35m";
inline constexpr std::string_view kCyan = "\x1b[36m";
inline constexpr std::string_view kAlarm = "\x1b[31;1m";

}  // namespace sonde::app
