#include "agent/detect/redact.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "agent/detect/fingerprint.h"
#include "agent/detect/invisible.h"
#include "agent/detect/personal_data.h"
#include "agent/detect/unicode.h"

namespace sonde::detect {

namespace {

constexpr size_t kContext = 40;  // code points before and after the segment
// Personal data is looked for in the part that is shown and this much around it.
constexpr size_t kMargin = 512;

struct Mask {
  size_t start;
  size_t end;
  std::string_view type;
  std::string value;  // what the fingerprint is of
};

// Appends to a bounded text; a mask goes in whole or not at all.
class Writer {
 public:
  explicit Writer(size_t limit) : limit_(limit), left_(limit) {}

  // Code points so far. A mask counts as many as it has characters: it is ASCII.
  size_t written() const { return limit_ - left_; }

  void plain(std::string_view text) {
    for (size_t i = 0; i < text.size() && left_ > 0;) {
      const CodePointAt c = code_point_at(text, i);
      if (is_invisible(c.value)) {
        i = invisible(text, i);
        continue;
      }
      if (c.value < 0x20 || c.value == 0x7F) {
        out_.push_back(' ');
      } else if (c.value == 0xFFFD) {
        append_utf8(out_, c.value);  // a stray byte would make the JSON invalid
      } else {
        out_.append(text.substr(i, c.length));
      }
      --left_;
      i += c.length;
    }
  }

  void whole(const std::string& mark) {
    if (mark.size() > left_) {
      limit_ -= left_;  // nothing follows what is left out
      left_ = 0;
      return;
    }
    out_ += mark;
    left_ -= mark.size();
  }

  std::string take() { return std::move(out_); }

 private:
  size_t invisible(std::string_view text, size_t i) {
    const size_t start = i;
    size_t count = 0;
    while (i < text.size()) {
      const CodePointAt c = code_point_at(text, i);
      if (!is_invisible(c.value) || (is_bidi_control(c.value) && count > 0)) break;
      ++count;
      i += c.length;
      if (is_bidi_control(c.value)) break;
    }
    // What would turn the reader's line around, or hide a letter, is shown by its number.
    const uint32_t first = code_point_at(text, start).value;
    if (is_bidi_control(first) || (count == 1 && is_tag(first))) {
      whole(fmt::format("\\u{{{:X}}}", first));
    } else if (count == 1 && left_ > 0) {  // a joiner or an emoji's variation: part of writing
      out_.append(text.substr(start, i - start));
      --left_;
    } else {
      whole("[invisible:" + std::to_string(count) + "]");
    }
    return i;
  }

  size_t limit_;
  size_t left_;
  std::string out_;
};

// An encoded run that is cut is decoded to something else: the window grows to its ends.
void grow_over_word(std::string_view text, size_t& start, size_t& end) {
  constexpr size_t kLongestRun = size_t{16} << 10;
  constexpr std::string_view kStops = " \t\r\n\"'<>(){}[],;";
  const auto inside = [&](size_t at) { return kStops.find(text[at]) == kStops.npos; };
  for (size_t n = 0; n < kLongestRun && start > 0 && inside(start - 1); ++n) --start;
  for (size_t n = 0; n < kLongestRun && end < text.size() && inside(end); ++n) ++end;
}

void add_personal(std::string_view text, size_t from, size_t to, std::vector<Mask>& masks) {
  size_t start = from > kMargin ? from - kMargin : 0;
  size_t end = std::min(text.size(), to + kMargin);
  grow_over_word(text, start, end);
  const std::string_view window = text.substr(start, end - start);
  for (const PersonalData& item : find_personal_data(window, PersonalDataUse::kMask)) {
    const size_t size = item.end - item.start;
    masks.push_back({start + item.start, start + item.end, item.type,
                     std::string(window.substr(item.start, size))});
  }
  for (EncodedPersonalData& item : find_encoded_personal_data(window, PersonalDataUse::kMask)) {
    masks.push_back(
        {start + item.place.start, start + item.place.end, item.place.type, std::move(item.value)});
  }
}

// Writes pieces of `text` in order and notes where `inner` comes out. A border inside a mask moves
// to the mask's edge: the whole mask is what was found.
class Renderer {
 public:
  Renderer(std::string_view text, size_t from, size_t limit, TextSpan inner)
      : text_(text), position_(from), inner_(inner), writer_(limit) {}

  size_t position() const { return position_; }

  void plain(size_t end) {
    if (!started_ && inner_.start <= end) {
      advance(inner_.start);
      start();
    }
    if (!ended_ && inner_.end <= end) {
      advance(inner_.end);
      stop();
    }
    advance(end);
  }

  void mask(const Mask& mask, std::string_view key) {
    plain(mask.start);
    if (!started_ && inner_.start < mask.end) start();
    writer_.whole("[" + std::string(mask.type) + ":" + fingerprint(key, mask.value) + "]");
    position_ = std::max(position_, mask.end);
    if (!ended_ && inner_.end <= mask.end) stop();
  }

  Redactor::Segment take() {
    if (!started_) start();
    if (!ended_) stop();
    return {writer_.take(), highlight_};
  }

 private:
  void advance(size_t end) {
    if (end <= position_) return;
    writer_.plain(text_.substr(position_, end - position_));
    position_ = end;
  }
  void start() {
    started_ = true;
    highlight_.start = writer_.written();
  }
  void stop() {
    ended_ = true;
    highlight_.end = writer_.written();
  }

  std::string_view text_;
  size_t position_;
  TextSpan inner_;
  Writer writer_;
  bool started_ = false;
  bool ended_ = false;
  TextSpan highlight_;
};

Redactor::Segment render(std::string_view text, TextSpan part, std::vector<Mask> masks,
                         std::string_view key, size_t limit, TextSpan inner) {
  std::stable_sort(masks.begin(), masks.end(),
                   [](const Mask& a, const Mask& b) { return a.start < b.start; });
  Renderer renderer(text, part.start, limit, inner);
  for (const Mask& mask : masks) {
    if (mask.end > renderer.position() && mask.start < part.end) renderer.mask(mask, key);
  }
  renderer.plain(part.end);
  return renderer.take();
}

void add_secrets(std::span<const Secret> secrets, std::vector<Mask>& masks) {
  for (const Secret& secret : secrets) {
    masks.push_back({secret.start, secret.end, secret.rule->type, secret.value});
  }
}

}  // namespace

Redactor::Redactor(std::string key, const Limits& limits, const SecretFinder& finder,
                   const LiteralSet& literals)
    : key_(std::move(key)),
      limit_(limits.evidence_code_points),
      finder_(finder),
      literals_(literals) {}

Redactor::Segment Redactor::segment(std::string_view text, size_t start, size_t end,
                                    std::span<const Secret> secrets, size_t limit) const {
  const size_t from = back(text, start, kContext);
  const size_t longest = forward(text, start, limit);
  const size_t to = std::min(forward(text, end, kContext), std::max(longest, start));
  std::vector<Mask> masks;
  add_secrets(secrets, masks);
  add_personal(text, from, to, masks);
  return render(text, {from, to}, std::move(masks), key_, limit, {start, end});
}

std::string Redactor::mask(std::string_view text) const {
  const std::vector<Secret> secrets = finder_.find(text, literals_);
  std::vector<Mask> masks;
  add_secrets(secrets, masks);
  const size_t to = forward(text, 0, limit_);
  add_personal(text, 0, to, masks);
  return render(text, {0, to}, std::move(masks), key_, limit_, {0, to}).text;
}

std::string Redactor::copy(std::string_view text, size_t from, size_t to,
                           std::span<const Secret> secrets, size_t& focus) const {
  std::vector<Mask> masks;
  add_secrets(secrets, masks);
  add_personal(text, from, to, masks);
  std::stable_sort(masks.begin(), masks.end(),
                   [](const Mask& a, const Mask& b) { return a.start < b.start; });
  std::string out;
  size_t position = from;
  size_t place = 0;
  bool placed = false;
  const auto plain = [&](size_t end) {
    if (end <= position) return;
    if (!placed && focus < end) {
      placed = true;
      place = out.size() + (std::max(focus, position) - position);
    }
    out += text.substr(position, end - position);
    position = end;
  };
  for (const Mask& mask : masks) {
    if (mask.end <= position || mask.start >= to) continue;
    plain(mask.start);
    out += fmt::format("[{}]", mask.type);
    position = std::min(mask.end, to);
  }
  plain(to);
  focus = placed ? place : out.size();
  return out;
}

std::string Redactor::fingerprint_of(std::string_view value) const {
  return fingerprint(key_, value);
}

}  // namespace sonde::detect
