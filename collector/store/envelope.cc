#include "collector/store/envelope.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>
#include <simdjson.h>

#include "collector/store/envelope_alert.h"
#include "collector/store/json_read.h"
#include "collector/store/text.h"

namespace sonde::store {
namespace {

constexpr size_t kNameCodePoints = 256;

std::string clean(std::string_view text, size_t code_points = kNameCodePoints) {
  return without_nul(clip(text, code_points));
}

void add_use(Activity& activity, std::string_view kind, std::string_view name) {
  if (!name.empty() && activity.uses.size() < 64) {
    activity.uses.push_back({std::string(kind), clean(name)});
  }
}

int64_t tokens(json::element object, std::string_view key) {
  const auto value = json::integer(json::find(object, {key}));
  return value ? std::clamp<int64_t>(*value, 0, int64_t{1} << 40) : 0;
}

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Result<Activity> read_activity(json::element object, std::string_view raw,
                               std::string_view sender) {
  Activity activity;
  const std::string_view id = json::text(object, {"id"});
  if (id.empty() || id.size() > 256) return fail("activity.id must be 1 to 256 bytes");
  const auto time = parse_rfc3339_ms(json::text(object, {"start_time"}));
  if (!time.ok()) return fail("activity.start_time is no RFC 3339 time");
  const std::string_view agent = json::text(object, {"agent_id"});
  if (!agent.empty() && agent != sender) {
    return fail("the activity names another agent than the one that sent it");
  }
  activity.exchange_id = without_nul(id);
  activity.time_ms = *time;
  activity.agent_id = sender;
  const std::string_view host = json::text(object, {"hostname"});
  activity.host = clean(host.empty() ? sender : host);
  activity.input_tokens = tokens(object, "gen_ai.usage.input_tokens");
  activity.output_tokens = tokens(object, "gen_ai.usage.output_tokens");
  const std::string_view application = json::text(object, {"application"});
  add_use(activity, "application",
          application.empty() ? base_name(json::text(object, {"process", "exe"})) : application);
  add_use(activity, "provider", json::text(object, {"gen_ai.provider.name"}));
  const std::string_view model = json::text(object, {"gen_ai.response.model"});
  add_use(activity, "model", model.empty() ? json::text(object, {"gen_ai.request.model"}) : model);
  add_use(activity, "mcp_server", json::text(object, {"mcp_server"}));
  add_use(activity, "key", json::text(object, {"key_fingerprint"}));
  simdjson::dom::array tools;
  if (const auto list = json::find(object, {"tools"});
      list && list->get_array().get(tools) == simdjson::SUCCESS) {
    for (const json::element tool : tools) add_use(activity, "tool", json::text(tool));
  }
  activity.record = raw;
  return activity;
}

// {"name": integer}: anything else in it is refused, so that readers can rely on it.
Result<std::string> read_counters(json::element object, const EnvelopeLimits& limits) {
  const auto value = json::find(object, {"counters"});
  if (!value) return std::string("{}");
  simdjson::dom::object counters;
  if (value->get_object().get(counters) != simdjson::SUCCESS || counters.size() > limits.counters) {
    return fail("heartbeat.counters must be an object of integers");
  }
  for (const auto& [name, count] : counters) {
    if (name.size() > 128 || !json::integer(count)) {
      return fail("heartbeat.counters must be an object of integers");
    }
  }
  return simdjson::minify(counters);
}

Status read_coverage(json::element object, const EnvelopeLimits& limits, Heartbeat& heartbeat) {
  heartbeat.coverage = "[]";
  const auto value = json::find(object, {"coverage"});
  if (!value) return {};
  simdjson::dom::array coverage;
  if (value->get_array().get(coverage) != simdjson::SUCCESS || coverage.size() > limits.coverage) {
    return fail("heartbeat.coverage must be an array");
  }
  for (const json::element entry : coverage) {
    bool covered = false;
    const auto found = json::find(entry, {"covered"});
    if (!entry.is_object() || (found && found->get_bool().get(covered) != simdjson::SUCCESS)) {
      return fail("heartbeat.coverage must hold objects with a boolean 'covered'");
    }
    ++(covered ? heartbeat.covered : heartbeat.not_covered);
  }
  heartbeat.coverage = simdjson::minify(coverage);
  return {};
}

Result<Heartbeat> read_heartbeat(json::element object, std::string_view sender,
                                 const EnvelopeLimits& limits) {
  Heartbeat heartbeat;
  heartbeat.agent_id = json::text(object, {"agent_id"});
  if (heartbeat.agent_id != sender) {
    return fail("the heartbeat names another agent than the one that sent it");
  }
  heartbeat.hostname = clean(json::text(object, {"hostname"}));
  heartbeat.version = clean(json::text(object, {"version"}), 64);
  heartbeat.kernel = clean(json::text(object, {"kernel"}), 128);
  heartbeat.started_ms =
      std::max<int64_t>(0, json::integer(json::find(object, {"started_at"})).value_or(0));
  const auto version_of = [&](std::string_view key) {
    return std::max<int64_t>(0, json::integer(json::find(object, {"policy", key})).value_or(0));
  };
  heartbeat.policy_version = version_of("version");
  heartbeat.policy_refused = version_of("refused_version");
  heartbeat.policy_trouble = clean(json::text(object, {"policy", "refused_because"}), 1024);
  auto counters = read_counters(object, limits);
  if (!counters.ok()) return tl::unexpected<Error>(counters.error());
  heartbeat.counters = std::move(*counters);
  if (const auto covered = read_coverage(object, limits, heartbeat); !covered.ok()) {
    return tl::unexpected<Error>(covered.error());
  }
  return heartbeat;
}

// The members of an envelope: objects as their own bytes, empty where absent.
struct Outline {
  std::string_view type;
  std::string_view alert;
  std::string_view activity;
  std::string_view heartbeat;
};

std::string_view* member_of(Outline& outline, std::string_view key) {
  if (key == "alert") return &outline.alert;
  if (key == "activity") return &outline.activity;
  if (key == "heartbeat") return &outline.heartbeat;
  return nullptr;
}

// False for what is no JSON object from its first byte to its last, and for a member that stands
// twice: readers differ in which one they take.
bool read_outline(simdjson::ondemand::parser& parser, std::string_view line, Outline& outline) {
  using simdjson::SUCCESS;
  simdjson::ondemand::document document;
  simdjson::ondemand::object root;
  const simdjson::padded_string_view padded(line.data(), line.size(),
                                            line.size() + EnvelopeReader::kPadding);
  if (parser.iterate(padded).get(document) != SUCCESS ||
      document.get_object().get(root) != SUCCESS) {
    return false;
  }
  for (auto field : root) {
    std::string_view key;
    if (field.error() != SUCCESS || field.unescaped_key().get(key) != SUCCESS) return false;
    if (key == "type") {
      if (!outline.type.empty()) return false;
      if (field.value().get_string().get(outline.type) != SUCCESS) return false;
    } else if (std::string_view* member = member_of(outline, key)) {
      simdjson::ondemand::object object;
      if (!member->empty() || field.value().get_object().get(object) != SUCCESS ||
          object.raw_json().get(*member) != SUCCESS) {
        return false;
      }
    }
  }
  // OUT_OF_BOUNDS: nothing stands behind the object.
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

template <typename T>
Result<Envelope> wrap(Result<T> result) {
  if (!result.ok()) return tl::unexpected<Error>(result.error());
  return Envelope(std::move(*result));
}

}  // namespace

struct EnvelopeReader::Parsers {
  simdjson::ondemand::parser outline;  // finds the record inside the line
  simdjson::dom::parser record;        // checks all of the record
};

EnvelopeReader::EnvelopeReader(EnvelopeLimits limits)
    : limits_(limits), parsers_(std::make_unique<Parsers>()) {
  static_assert(kPadding >= simdjson::SIMDJSON_PADDING);
}
EnvelopeReader::~EnvelopeReader() = default;
EnvelopeReader::EnvelopeReader(EnvelopeReader&&) noexcept = default;
EnvelopeReader& EnvelopeReader::operator=(EnvelopeReader&&) noexcept = default;

Result<Envelope> EnvelopeReader::read(std::string_view line, std::string_view sender) {
  if (line.size() > limits_.line_bytes) return fail("the line is too long");
  Outline outline;
  if (!read_outline(parsers_->outline, line, outline)) return fail("the line is no JSON object");
  const std::string_view type = outline.type;
  if (type != "alert" && type != "activity" && type != "heartbeat") {
    return fail("'type' must be alert, activity or heartbeat");
  }
  const std::string_view raw = type == "alert"      ? outline.alert
                               : type == "activity" ? outline.activity
                                                    : outline.heartbeat;
  if (raw.empty()) return fail(fmt::format("'{}' must be an object", type));
  // What is stored is exactly what is checked: the record's own bytes, parsed to the last one.
  json::element record;
  if (parsers_->record.allocate(std::max(raw.size(), size_t{4096}), limits_.depth) !=
          simdjson::SUCCESS ||
      parsers_->record.parse(raw.data(), raw.size(), false).get(record) != simdjson::SUCCESS ||
      !record.is_object()) {
    return fail(fmt::format("'{}' is no JSON object, or nested too deeply", type));
  }
  if (type == "heartbeat") return wrap(read_heartbeat(record, sender, limits_));
  if (type == "activity") return wrap(read_activity(record, raw, sender));
  return wrap(read_alert(record, raw, sender, limits_));
}

Result<int64_t> parse_rfc3339_ms(std::string_view text) {
  // date "T" time ["." fraction] ("Z" / offset), RFC 3339 5.6.
  auto digits = [&](size_t at, size_t count) -> int64_t {
    int64_t value = 0;
    for (size_t i = at; i < at + count; ++i) {
      if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  const int64_t year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
  const int64_t hour = digits(11, 2), minute = digits(14, 2), second = digits(17, 2);
  if (text.size() < 20 || std::min({year, month, day, hour, minute, second}) < 0 ||
      text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') || text[13] != ':' ||
      text[16] != ':' || hour > 23 || minute > 59 || second > 60) {
    return fail("no RFC 3339 time");
  }
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok() || year < 1970) return fail("no RFC 3339 time");
  size_t at = 19;
  int64_t millis = 0;
  if (text[at] == '.') {
    int64_t scale = 100;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      millis += (text[at] - '0') * scale;
    }
  }
  int64_t offset_minutes = 0;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    const int64_t hours = digits(at + 1, 2), minutes = digits(at + 4, 2);
    if (hours < 0 || minutes < 0 || text.size() != at + 6) return fail("no RFC 3339 time");
    offset_minutes = (hours * 60 + minutes) * (text[at] == '-' ? -1 : 1);
  } else if (text.size() != at + 1 || (text[at] != 'Z' && text[at] != 'z')) {
    return fail("no RFC 3339 time");
  }
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset_minutes * 60;
  return std::max<int64_t>(0, seconds * 1000 + millis);
}

}  // namespace sonde::store
