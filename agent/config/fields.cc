#include "agent/config/fields.h"

#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "agent/config/judges.h"
#include "agent/config/targets.h"

namespace sonde::config {
namespace {

constexpr uint64_t kKi = 1 << 10;
constexpr uint64_t kMi = 1 << 20;
constexpr uint64_t kGi = 1 << 30;
constexpr size_t kListElements = 4096;
constexpr std::array<std::string_view, 3> kEvidence = {"full", "segment", "none"};

std::optional<uint64_t> read_integer(std::string_view text, bool is_bytes) {
  uint64_t unit = 1;
  for (const auto& [suffix, factor] :
       {std::pair{"KiB", kKi}, std::pair{"MiB", kMi}, std::pair{"GiB", kGi}}) {
    if (is_bytes && text.ends_with(suffix)) {
      text.remove_suffix(3);
      while (text.ends_with(' ')) text.remove_suffix(1);
      unit = factor;
      break;
    }
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() ||
      value > std::numeric_limits<uint64_t>::max() / unit) {
    return std::nullopt;
  }
  return value * unit;
}

std::string assign_text(const Field& field, std::string_view text, std::string& target) {
  if (text.find('\0') != std::string_view::npos) return "must not hold a NUL";
  if (!field.choices.empty()) {
    std::string_view rest = field.choices;
    bool found = false;
    while (!rest.empty() && !found) {
      const size_t end = std::min(rest.find('|'), rest.size());
      found = rest.substr(0, end) == text;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!found) return fmt::format("must be one of {}", field.choices);
  }
  target = text;
  return {};
}

std::string assign_fraction(const Field& field, std::string_view text, double& target) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool read = error == std::errc() && end == text.data() + text.size();
  // Written so that what is no number fails as well.
  if (!read ||
      !(value >= static_cast<double>(field.min) && value <= static_cast<double>(field.max))) {
    return fmt::format("must be a number from {} to {}", field.min, field.max);
  }
  target = value;
  return {};
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string render_integer(uint64_t value, bool is_bytes) {
  if (!is_bytes) return fmt::format("{}", value);
  if (value > 0 && value % kGi == 0) return fmt::format("{}GiB", value / kGi);
  if (value > 0 && value % kMi == 0) return fmt::format("{}MiB", value / kMi);
  if (value > 0 && value % kKi == 0) return fmt::format("{}KiB", value / kKi);
  return fmt::format("{}", value);
}

}  // namespace

std::string assign(const Field& field, std::string_view text) {
  if (auto* const* target = std::get_if<std::string*>(&field.target)) {
    return assign_text(field, text, **target);
  }
  if (auto* const* target = std::get_if<bool*>(&field.target)) {
    if (text != "true" && text != "false") return "must be true or false";
    **target = text == "true";
    return {};
  }
  if (auto* const* target = std::get_if<Evidence*>(&field.target)) {
    for (size_t i = 0; i < kEvidence.size(); ++i) {
      if (text != kEvidence[i]) continue;
      **target = static_cast<Evidence>(i);
      return {};
    }
    return fmt::format("must be one of {}", fmt::join(kEvidence, "|"));
  }
  if (auto* const* target = std::get_if<std::vector<std::string>*>(&field.target)) {
    if ((*target)->size() >= kListElements) return "has too many elements";
    if (text.empty()) return "must not hold an empty text";
    return assign_text(field, text, (*target)->emplace_back());
  }
  if (auto* const* target = std::get_if<double*>(&field.target)) {
    return assign_fraction(field, text, **target);
  }
  const auto value = read_integer(text, field.is_bytes());
  if (!value || *value < field.min || *value > field.max) {
    return fmt::format("must be an integer from {} to {}",
                       render_integer(field.min, field.is_bytes()),
                       render_integer(field.max, field.is_bytes()));
  }
  if (auto* const* target = std::get_if<uint64_t*>(&field.target)) {
    **target = *value;
  } else if (auto* const* time = std::get_if<std::chrono::seconds*>(&field.target)) {
    **time = std::chrono::seconds(*value);
  } else if (auto* const* list = std::get_if<std::vector<uint32_t>*>(&field.target)) {
    if ((*list)->size() >= kListElements) return "has too many elements";
    (*list)->push_back(static_cast<uint32_t>(*value));
  }
  return {};
}

void clear_list(const Field& field) {
  if (auto* const* texts = std::get_if<std::vector<std::string>*>(&field.target)) (*texts)->clear();
  if (auto* const* numbers = std::get_if<std::vector<uint32_t>*>(&field.target)) {
    (*numbers)->clear();
  }
}

std::string render(const Field& field) {
  struct Renderer {
    bool is_bytes;
    std::string operator()(const std::string* text) const { return quoted(*text); }
    std::string operator()(const bool* flag) const { return *flag ? "true" : "false"; }
    std::string operator()(const uint64_t* value) const { return render_integer(*value, is_bytes); }
    std::string operator()(const std::chrono::seconds* time) const {
      return fmt::format("{}", time->count());
    }
    std::string operator()(const Evidence* evidence) const {
      return std::string(kEvidence[static_cast<size_t>(*evidence)]);
    }
    std::string operator()(const std::vector<std::string>* list) const {
      std::vector<std::string> elements;
      for (const std::string& element : *list) elements.push_back(quoted(element));
      return fmt::format("[{}]", fmt::join(elements, ", "));
    }
    std::string operator()(const std::vector<uint32_t>* list) const {
      return fmt::format("[{}]", fmt::join(*list, ", "));
    }
    std::string operator()(const std::vector<TargetOutput>* list) const {
      return render_targets(*list);
    }
    std::string operator()(const std::vector<RemoteJudge>* list) const {
      return render_judges(*list);
    }
    std::string operator()(const double* value) const { return fmt::format("{}", *value); }
  };
  return std::visit([&](auto* target) { return Renderer{field.is_bytes()}(target); }, field.target);
}

}  // namespace sonde::config
