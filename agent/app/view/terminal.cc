#include "agent/app/view/terminal.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

namespace sonde::app {
namespace {

constexpr size_t kFewestColumns = 40;  // narrower screens get broken lines, but a view
constexpr size_t kUsualColumns = 80;   // of a terminal that does not say
constexpr size_t kMostColumns = 160;   // longer lines are hard to read

bool is_set(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value != nullptr && *value != '\0';
}

bool is_dumb() {
  const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return term == nullptr || std::string_view(term) == "dumb";
}

}  // namespace

Terminal Terminal::of(std::FILE* out, Colour colour) {
  Terminal terminal;
  terminal.out = out;
  const bool screen = isatty(fileno(out)) != 0;
  terminal.interactive = screen && !is_dumb();
  terminal.colour = colour == Colour::kAlways ||
                    (colour == Colour::kAuto && terminal.interactive && !is_set("NO_COLOR"));
  if (!screen) return terminal;
  winsize size{};
  const bool told = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  terminal.columns =
      told ? std::clamp<size_t>(size.ws_col, kFewestColumns, kMostColumns) : kUsualColumns;
  return terminal;
}

}  // namespace sonde::app
