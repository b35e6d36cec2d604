#include "agent/detect/smuggling.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "agent/detect/encoding.h"
#include "agent/detect/invisible.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {

namespace {

constexpr uint32_t kBlackFlag = 0x1F3F4;
constexpr uint32_t kCancelTag = 0xE007F;
constexpr uint32_t kTagSpace = 0xE0020;

bool is_ascii_letter(uint32_t c) { return (c | 32U) - 'a' < 26; }
bool is_ascii_alnum(uint32_t c) { return is_ascii_letter(c) || c - '0' < 10; }

// Scripts whose writing needs joiners and marks, and symbols that joiners combine.
bool uses_joiners(uint32_t c) {
  return (c >= 0x0590 && c <= 0x109F) || (c >= 0x1780 && c <= 0x18AF) ||
         (c >= 0x1A20 && c <= 0x1AAF) || (c >= 0x1B00 && c <= 0x1BFF) ||
         (c >= 0xA800 && c <= 0xABFF) || (c >= 0xFB1D && c <= 0xFDFF) ||
         (c >= 0xFE70 && c <= 0xFEFE) || (c >= 0x11000 && c <= 0x11FFF);
}

// The bits that two kinds of characters spell, as bytes of eight or seven bits or UTF-16 units.
std::string bits_to_text(const std::vector<bool>& bits, size_t width) {
  std::string out;
  for (size_t i = 0; i + width <= bits.size(); i += width) {
    uint32_t value = 0;
    for (size_t k = 0; k < width; ++k) value = (value << 1) | (bits[i + k] ? 1 : 0);
    if (width == 16) {
      append_utf8(out, value);
    } else {
      out.push_back(static_cast<char>(value));
    }
  }
  return out;
}

// Zero-width characters used as an alphabet: the two most frequent kinds are the bits, a third one
// separates.
std::string decode_bits(const std::vector<uint32_t>& symbols) {
  std::vector<std::pair<uint32_t, size_t>> kinds;
  for (const uint32_t symbol : symbols) {
    const auto place = std::find_if(kinds.begin(), kinds.end(),
                                    [&](const auto& kind) { return kind.first == symbol; });
    if (place != kinds.end()) {
      ++place->second;
    } else if (kinds.size() < 8) {
      kinds.emplace_back(symbol, 1);
    }
  }
  if (kinds.size() < 2) return {};
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  const uint32_t low = std::min(kinds[0].first, kinds[1].first);
  const uint32_t high = std::max(kinds[0].first, kinds[1].first);
  std::vector<bool> bits;
  for (const uint32_t symbol : symbols) {
    if (symbol == low || symbol == high) bits.push_back(symbol == high);
  }
  for (const bool inverted : {false, true}) {
    if (inverted) bits.flip();
    for (const size_t width : {8, 7, 16}) {
      std::string decoded = bits_to_text(bits, width);
      if (is_printable(decoded)) return decoded;
    }
  }
  return {};
}

std::string reversed(std::string_view text) {
  std::string out;
  for (size_t end = text.size(); end > 0;) {
    const size_t start = back(text, end, 1);
    out.append(text.substr(start, end - start));
    end = start;
  }
  return out;
}

struct Span {
  size_t start = 0;
  size_t end = 0;
  size_t characters = 0;
  std::string decoded;

  void add(size_t position, uint32_t length) {
    if (characters++ == 0) start = position;
    end = position + length;
  }
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::vector<SmuggledText> scan() {
    for (size_t i = 0; i < text_.size();) {
      const CodePointAt c = code_point_at(text_, i);
      read(c.value, i, c.length);
      i += c.length;
      previous_ = c.value;
    }
    close_override(text_.size());
    finish();
    return std::move(found_);
  }

 private:
  static constexpr size_t kLeastTags = 3;
  static constexpr size_t kLeastSelectors = 4;
  static constexpr size_t kLeastBits = 12;
  static constexpr size_t kLeastZeroWidthRun = 10;
  static constexpr size_t kLeastOverridden = 4;
  static constexpr size_t kFlagTags = 6;  // "gbsct", "ustxa": country and up to four more

  void read(uint32_t c, size_t position, uint32_t length) {
    if (in_flag_ && !is_tag(c)) in_flag_ = false;
    if (c < 0xAD) {
    } else if (c == kBlackFlag) {
      in_flag_ = true;
      flag_tags_ = 0;
    } else if (is_tag(c)) {
      read_tag(c, position, length);
    } else if (is_variation_selector(c)) {
      read_selector(c, position, length);
    } else if (is_bidi_control(c)) {
      read_bidi(c, position, length);
    } else if (is_zero_width(c)) {
      read_zero_width(c, position, length);
    }
  }

  void read_tag(uint32_t c, size_t position, uint32_t length) {
    if (in_flag_) {
      if (c == kCancelTag) {
        in_flag_ = false;
        return;
      }
      const uint32_t letter = c - 0xE0000;
      if (++flag_tags_ <= kFlagTags && is_ascii_alnum(letter)) return;
      in_flag_ = false;
    }
    tags_.add(position, length);
    if (c >= kTagSpace && c < kCancelTag && tags_.decoded.size() < kSmuggledDecodedBytes) {
      tags_.decoded.push_back(static_cast<char>(c - 0xE0000));
    }
  }

  // One selector after a symbol or an ideograph is ordinary. Those that follow another selector, or
  // a letter, carry something.
  void read_selector(uint32_t c, size_t position, uint32_t length) {
    const bool follows_selector = is_variation_selector(previous_);
    const bool after_letter = is_ascii_letter(previous_) || previous_ == ' ';
    if (!follows_selector && !after_letter) {
      first_selector_ = {position, c};
      return;
    }
    if (follows_selector && first_selector_) {
      add_selector(first_selector_->second, first_selector_->first,
                   static_cast<uint32_t>(position - first_selector_->first));
    }
    first_selector_.reset();
    add_selector(c, position, length);
  }

  void add_selector(uint32_t c, size_t position, uint32_t length) {
    selectors_.add(position, length);
    if (selectors_.decoded.size() >= kSmuggledDecodedBytes) return;
    const uint32_t byte = c >= 0xE0100 ? c - 0xE0100 + 16 : c - 0xFE00;
    selectors_.decoded.push_back(static_cast<char>(byte));
  }

  void read_zero_width(uint32_t c, size_t position, uint32_t length) {
    const bool first_of_text = position == 0 && c == 0xFEFF;
    const bool joins = (c == 0x200C || c == 0x200D || c == 0x200E || c == 0x200F || c == 0x061C) &&
                       uses_joiners(previous_);
    const bool emoji_joiner =
        c == 0x200D && (previous_ >= 0x2100 || previous_ == 0xFE0F) && !is_zero_width(previous_);
    const bool hyphen = c == 0x00AD && !is_zero_width(previous_);
    if (first_of_text || joins || emoji_joiner || hyphen) return;
    run_ = is_zero_width(previous_) ? run_ + 1 : 1;
    longest_run_ = std::max(longest_run_, run_);
    zero_width_.add(position, length);
    if (symbols_.size() < kSmuggledDecodedBytes * 8) symbols_.push_back(c);
  }

  void read_bidi(uint32_t c, size_t position, uint32_t length) {
    if (c == 0x202E || c == 0x202D) {  // right-to-left and left-to-right override
      close_override(position);
      override_ = {position, position + length, c};
    } else if (c == 0x202C) {
      close_override(position);
    }
  }

  void close_override(size_t end) {
    if (!override_) return;
    const Override open = *override_;
    override_.reset();
    const std::string_view inside = text_.substr(open.content, end - open.content);
    size_t letters = 0;
    size_t right_to_left = 0;
    for (size_t i = 0; i < inside.size();) {
      const CodePointAt c = code_point_at(inside, i);
      letters += is_ascii_alnum(c.value) ? 1 : 0;
      right_to_left += c.value >= 0x0590 && c.value <= 0x08FF ? 1 : 0;
      i += c.length;
    }
    // Each override matters where it turns around text of the other direction.
    const bool turns =
        open.control == 0x202E ? letters >= kLeastOverridden : right_to_left >= kLeastOverridden;
    if (!turns || found_.size() >= kSmuggledPerText) return;
    found_.push_back({.start = open.start,
                      .end = end,
                      .technique = "bidi_override",
                      .decoded = reversed(inside.substr(0, kSmuggledDecodedBytes)),
                      .characters = 1});
  }

  void finish() {
    if (tags_.characters >= kLeastTags) keep(tags_, "unicode_tags");
    if (selectors_.characters >= kLeastSelectors) {
      if (!is_printable(selectors_.decoded)) selectors_.decoded.clear();
      keep(selectors_, "variation_selectors");
    }
    if (symbols_.size() < kLeastBits && longest_run_ < kLeastZeroWidthRun) return;
    zero_width_.decoded = decode_bits(symbols_);
    // Single invisible characters spread over a long text come from web pages and word processors.
    const bool dense = longest_run_ >= kLeastZeroWidthRun;
    if (dense || !zero_width_.decoded.empty()) keep(zero_width_, "zero_width");
  }

  void keep(Span& span, std::string_view technique) {
    if (found_.size() >= kSmuggledPerText) return;
    found_.push_back({span.start, span.end, technique, std::move(span.decoded), span.characters});
  }

  struct Override {
    size_t start;
    size_t content;
    uint32_t control;
  };

  std::string_view text_;
  uint32_t previous_ = ' ';
  bool in_flag_ = false;
  size_t flag_tags_ = 0;
  Span tags_;
  Span selectors_;
  std::optional<std::pair<size_t, uint32_t>> first_selector_;
  Span zero_width_;
  std::vector<uint32_t> symbols_;
  size_t run_ = 0;
  size_t longest_run_ = 0;
  std::optional<Override> override_;
  std::vector<SmuggledText> found_;
};

}  // namespace

std::vector<SmuggledText> find_smuggled_text(std::string_view text) {
  // No byte sequence of interest lacks a lead byte of these; most texts are done here.
  const bool candidate =
      std::any_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) >= 0xC2; });
  return candidate ? Scanner(text).scan() : std::vector<SmuggledText>{};
}

}  // namespace sonde::detect
