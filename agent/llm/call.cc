#include "agent/llm/call.h"

#include <algorithm>

#include "agent/llm/dialect_registry.h"
#include "agent/llm/provider.h"

namespace sonde::llm {
namespace {

std::string_view version_name(http::Version version) {
  switch (version) {
    case http::Version::kHttp10:
      return "1.0";
    case http::Version::kHttp11:
      return "1.1";
    case http::Version::kHttp2:
      return "2";
    case http::Version::kWebSocket:
      return "websocket";
  }
  return "1.1";
}

// The port is left out where it is the scheme's own (RFC 9110, 4.2.3).
std::string_view display_host(std::string_view authority) {
  for (const std::string_view port : {":443", ":80"}) {
    if (authority.ends_with(port)) return authority.substr(0, authority.size() - port.size());
  }
  return authority;
}

bool begins_like_events(std::string_view bytes) {
  for (const std::string_view field : {"data:", "event:", "id:", "retry:", ":"}) {
    if (bytes.starts_with(field)) return true;
  }
  return false;
}

}  // namespace

Call::Call(const Limits& limits, Counters& counters, MonoTime start, WallTime start_time)
    : limits_(limits),
      counters_(counters),
      writer_(exchange_, limits, counters),
      start_(start),
      events_(limits.json_depth) {
  exchange_.start_time = start_time;
}

void Call::request_head(const http::Head& head) {
  request_.heard = true;
  HttpFacts& http = exchange_.http;
  http.version = version_name(head.version);
  http.method = head.method;
  http.path = head.target;
  http.user_agent = head.field("user-agent");
  exchange_.network.host = display_host(head.host());
  const Likelihood likelihood = judge_head(head);
  if (likelihood == Likelihood::kNo) return ignore();
  expected_ = likelihood == Likelihood::kYes;
}

void Call::keep(Direction& direction, std::string_view bytes) {
  if (direction.cut) return;
  const size_t room = limits_.body_bytes - direction.body.size();
  if (bytes.size() > room) direction.cut = true;
  const std::string_view kept = bytes.substr(0, room);
  const size_t needed = direction.body.size() + kept.size() + JsonParser::kPadding;
  if (needed > direction.body.capacity()) {
    direction.body.reserve(std::max(needed, 2 * direction.body.capacity()));
  }
  direction.body.append(kept);
}

void Call::request_body(std::string_view bytes) {
  exchange_.http.request_body_bytes += bytes.size();
  if (state_ == State::kIgnored) return;
  keep(request_, bytes);
  if (!expected_ && judge_beginning(request_.body) == Likelihood::kNo) ignore();
}

void Call::request_gap(uint64_t lost_bytes) {
  exchange_.capture.lost_bytes += lost_bytes;
  request_.cut = true;
}

void Call::request_end(bool complete) {
  request_.ended = true;
  request_.whole = complete && !request_.cut;
  if (state_ == State::kIgnored) return;
  read_request();
  request_.body = std::string();
  // An answer that came before the request's end was waiting for the dialect.
  if (state_ == State::kAccepted && !response_.body.empty() && framing_ == Framing::kUnknown) {
    const std::string waiting = std::move(response_.body);
    response_.body = std::string();
    read_response(waiting);
  }
}

void Call::read_request() {
  JsonParser parser(limits_.json_depth);
  const bool bodyless = request_.body.empty();
  const std::optional<Json> body = bodyless ? Json() : parser.parse(request_.body);
  if ((!body || bodyless) && !expected_) return ignore();
  if (!body) counters_.add(Count::kJsonInvalid);
  const Json json = body.value_or(Json());
  Selection selection = select_dialect(exchange_.network.host, exchange_.http.path, json);
  if (!selection.dialect) return ignore();
  if (!body) request_.whole = false;
  accept(std::move(selection.dialect), selection.provider, selection.model);
  dialect_->read_request(json, writer_);
}

void Call::accept(DialectPtr dialect, std::string_view provider, std::string_view model) {
  state_ = State::kAccepted;
  dialect_ = std::move(dialect);
  exchange_.provider = provider;
  exchange_.request_model = model;
  counters_.add(Count::kExchangesSeen);
}

void Call::ignore() {
  state_ = State::kIgnored;
  counters_.add(Count::kExchangesIgnored);
  request_.body = std::string();
  response_.body = std::string();
  decoder_.reset();
}

void Call::response_head(const http::Head& head) {
  response_.heard = true;
  exchange_.http.status = head.status;
  if (exchange_.http.version.empty()) exchange_.http.version = version_name(head.version);
  response_type_ = head.field("content-type");
}

void Call::response_body(std::string_view bytes) {
  exchange_.http.response_body_bytes += bytes.size();
  if (state_ == State::kIgnored) return;
  if (state_ == State::kUndecided && request_.heard) return keep(response_, bytes);
  read_response(bytes);
}

void Call::choose_framing(std::string_view beginning) {
  std::optional<StreamFormat> format;
  if (response_type_.starts_with("text/event-stream")) {
    format = StreamFormat::kServerSentEvents;
  } else if (response_type_.find("ndjson") != std::string::npos ||
             response_type_.find("stream+json") != std::string::npos ||
             response_type_.find("jsonl") != std::string::npos) {
    format = StreamFormat::kJsonLines;
  } else if (begins_like_events(beginning)) {
    format = StreamFormat::kServerSentEvents;
  }
  framing_ = format ? Framing::kStream : Framing::kWhole;
  if (!format) return;
  exchange_.stream = true;
  decoder_.emplace(*format, limits_, [this](std::string_view name, const std::string& data) {
    read_event(name, data);
  });
}

void Call::read_response(std::string_view bytes) {
  if (framing_ == Framing::kUnknown) choose_framing(bytes);
  if (framing_ == Framing::kStream) return decoder_->consume(bytes);
  keep(response_, bytes);
}

void Call::response_gap(uint64_t lost_bytes) {
  exchange_.capture.lost_bytes += lost_bytes;
  if (framing_ == Framing::kStream && decoder_) {
    decoder_->gap();
    response_.whole = false;
  }
  response_.cut = true;
}

void Call::select_by_answer(const Json& answer) {
  Selection selection = select_dialect_by_answer(exchange_.network.host, answer);
  if (!selection.dialect) return;
  exchange_.capture.joined_late = true;
  accept(std::move(selection.dialect), selection.provider, selection.model);
}

void Call::read_event(std::string_view name, const std::string& data) {
  if (data == "[DONE]") return;
  const std::optional<Json> json = events_.parse(data);
  if (!json) {
    counters_.add(Count::kJsonInvalid);
    response_.cut = true;
    return;
  }
  if (!dialect_) select_by_answer(*json);
  if (dialect_) dialect_->read_event(name, *json, writer_);
}

void Call::read_whole_answer() {
  if (response_.body.empty()) return;
  JsonParser parser(limits_.json_depth);
  const std::optional<Json> json = parser.parse(response_.body);
  if (!json) {
    counters_.add(Count::kJsonInvalid);
    response_.cut = true;
    return;
  }
  if (!dialect_) select_by_answer(json->is_array() ? json->item(0) : *json);
  if (!dialect_) return;
  if (!json->is_array()) return dialect_->read_answer(*json, writer_);
  // Gemini streams a list of events as one JSON text where the client did not ask for SSE.
  json->each_item([&](size_t, Json event) { dialect_->read_event({}, event, writer_); });
}

void Call::response_end(bool complete) {
  response_.ended = true;
  response_.whole = complete;
}

std::optional<Exchange> Call::release(MonoTime now) {
  if (!request_.ended && state_ == State::kUndecided && request_.heard) request_end(false);
  if (state_ == State::kIgnored) return std::nullopt;
  if (framing_ == Framing::kStream) decoder_->finish();
  if (framing_ == Framing::kWhole) read_whole_answer();
  if (state_ != State::kAccepted) {
    ignore();
    return std::nullopt;
  }
  dialect_->finish(writer_);
  const bool events_lost = decoder_ && decoder_->dropped() != 0;
  exchange_.capture.complete = request_.heard && request_.whole && response_.whole &&
                               !response_.cut && !events_lost && !writer_.truncated();
  if (!exchange_.capture.complete) counters_.add(Count::kExchangesIncomplete);
  exchange_.duration_ms = std::chrono::duration<double, std::milli>(now - start_).count();
  state_ = State::kIgnored;
  return std::move(exchange_);
}

}  // namespace sonde::llm
