#include "agent/llm/call.h"

#include <algorithm>
#include <array>

#include "agent/llm/answer_framing.h"
#include "agent/llm/dialect_registry.h"
#include "agent/llm/form_data.h"
#include "agent/llm/mcp_calls.h"

namespace sonde::llm {
namespace {

bool contains(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// The older transport of MCP has its session in the query: "/messages?session_id=...".
std::string_view mcp_session_in(std::string_view target) {
  const std::string_view id = query_parameter(target, "session_id");
  return id.empty() ? query_parameter(target, "sessionId") : id;
}

}  // namespace

Call::Call(CallEnvironment& environment)
    : environment_(environment),
      limits_(environment.limits),
      counters_(environment.counters),
      writer_(exchange_, environment.limits, environment.counters),
      start_(environment.now),
      scope_(environment.context.next_scope++),
      events_(environment.limits.json_depth) {
  exchange_.start_time = environment.wall;
  if (!environment.progress) return;
  writer_.set_watcher([this](PartType type, std::string_view text) {
    watched_ = true;
    environment_.progress({scope_, exchange_, type, text});
  });
}

void Call::request_head(const http::Head& head) {
  request_.heard = true;
  read_request_head(head, environment_.context.fingerprint, exchange_);
  request_type_ = head.field("content-type");
  mcp_session_ = head.field("mcp-session-id");
  if (mcp_session_.empty()) mcp_session_ = mcp_session_in(head.target);
  method_ = grpc_method(head.target);
  request_.grpc = http::grpc_framing(head);
  const Likelihood likelihood = judge_head(head);
  expected_ = likelihood == Likelihood::kYes;
  if (likelihood != Likelihood::kNo) return;
  const bool listens = head.method == "GET" && contains(head.field("accept"), "text/event-stream");
  if (!listens) return ignore();
  state_ = State::kListening;
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
  if (state_ != State::kUndecided) return;
  keep(request_, bytes);
  if (expected_ || judged_) return;
  if (judge_beginning(request_.body) == Likelihood::kNo) return ignore();
  judged_ = request_.body.size() > 2 * kBeginningBytes;
}

void Call::request_gap(uint64_t lost_bytes) {
  exchange_.capture.lost_bytes += lost_bytes;
  request_.cut = true;
}

void Call::request_end(bool complete) {
  request_.ended = true;
  request_.whole = complete && !request_.cut;
  if (state_ != State::kUndecided) return;
  read_request();
  request_.body = std::string();
  // An answer that came before the request's end was waiting for the dialect.
  if (state_ != State::kIgnored && !response_.body.empty() && framing_ == Framing::kUnknown) {
    const std::string waiting = std::move(response_.body);
    response_.body = std::string();
    read_response(waiting);
  }
}

// An absent value stands for a body that is empty; nullopt: it cannot be read.
std::optional<Json> Call::parse_request(JsonParser& parser) {
  if (request_.body.empty()) return Json();
  bool repaired = false;
  std::optional<Json> json;
  if (method_ != nullptr && request_.grpc) {
    GrpcBody body(*request_.grpc, *method_->request, limits_, counters_,
                  [&](const std::string& message) { json = parser.parse(message); });
    body.consume(request_.body);
    request_.whole = request_.whole && body.whole();
  } else if (const std::string_view boundary = form_boundary(request_type_); !boundary.empty()) {
    const std::optional<std::string> form = form_as_json(request_.body, boundary, limits_);
    if (form) json = parser.parse(*form);
  } else {
    json = parser.parse_leniently(request_.body, repaired);
  }
  if (repaired && json) counters_.add(Count::kJsonRepaired);
  return json;
}

void Call::read_request() {
  JsonParser parser(limits_.json_depth);
  const std::optional<Json> body = parse_request(parser);
  if ((!body || request_.body.empty()) && !expected_) return ignore();
  if (!body) counters_.add(Count::kJsonInvalid);
  const Json json = body.value_or(Json());
  if (is_mcp_message(json)) {
    state_ = State::kMcp;
    return mcp_message(true, json);
  }
  Selection selection = select_dialect(exchange_.network.host, exchange_.http.path, json);
  if (!selection.dialect) return ignore();
  if (!body) request_.whole = false;
  accept(std::move(selection.dialect), selection.provider, selection.model);
  dialect_->read_request(json, writer_);
}

void Call::mcp_message(bool forward, const Json& body) {
  environment_.context.mcp.message({.scope = scope_,
                                    .forward = forward,
                                    .session = mcp_session_,
                                    .owner = environment_.context.owner,
                                    .now = environment_.now,
                                    .wall = environment_.wall},
                                   body, exchange_, environment_.sink);
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
  // Amazon's services name the exception here: "ThrottlingException:http://...".
  const std::string_view exception = head.field("x-amzn-errortype");
  exchange_.error = exception.substr(0, exception.find(':'));
  if (exchange_.http.version.empty()) exchange_.http.version = version_name(head.version);
  response_type_ = head.field("content-type");
  response_.grpc = http::grpc_framing(head);
  if (mcp_session_.empty()) mcp_session_ = head.field("mcp-session-id");
  if (state_ == State::kListening && !response_type_.starts_with("text/event-stream")) ignore();
}

void Call::response_body(std::string_view bytes) {
  exchange_.http.response_body_bytes += bytes.size();
  if (state_ == State::kIgnored) return;
  if (state_ == State::kUndecided && request_.heard) return keep(response_, bytes);
  read_response(bytes);
}

void Call::begin_grpc() {
  framing_ = Framing::kGrpc;
  exchange_.stream = method_->streams;
  messages_.emplace(*response_.grpc, *method_->answer, limits_, counters_,
                    [this](const std::string& message) { read_event({}, message); });
}

void Call::begin_stream(StreamFormat format) {
  framing_ = Framing::kStream;
  exchange_.stream = true;
  decoder_.emplace(format, limits_, [this](std::string_view name, const std::string& data) {
    read_event(name, data);
  });
}

// By the content type, else by the first bytes; `final` says that no more will come.
void Call::choose_framing(bool final) {
  if (const std::optional<StreamFormat> format = stream_format(response_type_)) {
    return begin_stream(*format);
  }
  if (method_ != nullptr && response_.grpc) return begin_grpc();
  if (is_binary(response_type_)) {
    framing_ = Framing::kBinary;
    meter_.emplace();
    return;
  }
  if (contains(response_type_, "json")) {
    framing_ = Framing::kWhole;
    return;
  }
  const std::string_view body = response_.body;
  const size_t start = std::min(body.find_first_not_of(" \t\r\n"), body.size());
  const std::string_view beginning = body.substr(start);
  if (beginning.size() < kFramingBytes && !final) return;
  if (begins_like_events(beginning)) return begin_stream(StreamFormat::kServerSentEvents);
  framing_ = Framing::kWhole;
}

void Call::read_response(std::string_view bytes) {
  if (framing_ == Framing::kUnknown) {
    keep(response_, bytes);
    choose_framing(false);
    if (framing_ == Framing::kUnknown || framing_ == Framing::kWhole) return;
    const std::string waiting = std::move(response_.body);
    response_.body = std::string();
    return read_response(waiting);
  }
  if (framing_ == Framing::kStream) return decoder_->consume(bytes);
  if (framing_ == Framing::kGrpc) return messages_->consume(bytes);
  if (framing_ == Framing::kBinary) return meter_->update(bytes);
  keep(response_, bytes);
}

void Call::response_gap(uint64_t lost_bytes) {
  exchange_.capture.lost_bytes += lost_bytes;
  if (framing_ == Framing::kStream && decoder_) decoder_->gap();
  if (messages_) messages_->gap(lost_bytes);
  response_.cut = true;
}

void Call::select_by_answer(const Json& answer) {
  Selection selection = select_dialect_by_answer(exchange_.network.host, answer);
  if (!selection.dialect) return;
  exchange_.capture.joined_late = true;
  accept(std::move(selection.dialect), selection.provider, selection.model);
}

// SageMaker hands on what a model's own server streams, cut anywhere.
void Call::read_payload_part(const std::string& data) {
  if (!payload_) {
    const bool events = begins_like_events(data);
    payload_ = std::make_unique<StreamDecoder>(
        events ? StreamFormat::kServerSentEvents : StreamFormat::kJsonLines, limits_,
        [this](std::string_view name, const std::string& event) { read_event(name, event); });
  }
  payload_->consume(data);
}

void Call::read_event(std::string_view name, const std::string& data) {
  if (data == "[DONE]" || is_last_event(name)) response_.told = true;
  if (name == "PayloadPart") return read_payload_part(data);
  if (data == "[DONE]" || data.empty()) return;
  const bool listening = state_ == State::kListening;
  if (listening && name == "endpoint") {
    // The older transport's first event names where to post.
    mcp_session_ = mcp_session_in(data);
    return;
  }
  std::optional<Json> json = events_.parse(data);
  if (listening || state_ == State::kMcp) {
    if (json && is_mcp_message(*json)) mcp_message(false, *json);
    return;
  }
  const bool composed = json && (json->is_object() || json->is_array());
  // Some streams are of bare text, which may look like JSON by chance.
  if (!composed && dialect_ && dialect_->read_text(name, data, writer_)) return;
  bool repaired = false;
  // The last event of a stream that was cut is not made whole by guessing.
  if (!json && !last_event_) json = events_.parse_leniently(data, repaired);
  if (!json) {
    counters_.add(Count::kJsonInvalid);
    response_.cut = true;
    return;
  }
  if (repaired) response_.cut = true;
  if (!dialect_ && !request_.heard) select_by_answer(*json);
  if (dialect_) dialect_->read_event(name, *json, writer_);
}

void Call::read_answer_json(const Json& json) {
  if (state_ == State::kMcp) return mcp_message(false, json);
  if (!dialect_ && !request_.heard) select_by_answer(json.is_array() ? json.item(0) : json);
  if (!dialect_) return;
  if (!json.is_array()) return dialect_->read_answer(json, writer_);
  // Gemini streams a list of events as one JSON text where the client did not ask for SSE.
  json.each_item([&](size_t, Json event) { dialect_->read_event({}, event, writer_); });
}

// JSON texts one a line under a content type that does not say so.
bool Call::read_answer_lines() {
  const std::string_view body = response_.body;
  const size_t first_end = body.find('\n');
  if (first_end == std::string_view::npos || !body.starts_with('{')) return false;
  if (!events_.parse(std::string(body.substr(0, first_end)))) return false;
  begin_stream(StreamFormat::kJsonLines);
  decoder_->consume(body);
  decoder_->finish();
  return true;
}

void Call::read_answer_text(std::string_view text) {
  if (dialect_ && response_type_.starts_with("text/plain") &&
      dialect_->read_text({}, text, writer_)) {
    return;
  }
  // An error page is no loss: the status says what happened.
  constexpr int kFirstError = 300;
  if (exchange_.http.status >= kFirstError) return;
  counters_.add(Count::kJsonInvalid);
  response_.cut = true;
}

void Call::read_whole_answer() {
  if (response_.body.empty()) return;
  JsonParser parser(limits_.json_depth);
  if (const std::optional<Json> json = parser.parse(response_.body)) return read_answer_json(*json);
  if (read_answer_lines()) return;
  bool repaired = false;
  const std::optional<Json> json = parser.parse_leniently(response_.body, repaired);
  if (!json) return read_answer_text(response_.body);
  counters_.add(Count::kJsonRepaired);
  read_answer_json(*json);
}

void Call::response_end(bool complete) {
  response_.ended = true;
  response_.whole = complete;
}

void Call::finish_answer() {
  if (framing_ == Framing::kUnknown && !response_.body.empty()) {
    choose_framing(true);
    if (framing_ == Framing::kStream) decoder_->consume(response_.body);
  }
  last_event_ = true;
  if (framing_ == Framing::kStream && decoder_) decoder_->finish();
  if (payload_) payload_->finish();
  if (messages_ && !messages_->whole()) response_.cut = true;
  if (framing_ == Framing::kWhole) read_whole_answer();
  if (framing_ != Framing::kBinary || !dialect_) return;
  BlobFacts facts = meter_->finish();
  Part& part = writer_.part(writer_.output("assistant").parts, PartType::kBlob, "$");
  part.media_type = response_type_.substr(0, response_type_.find(';'));
  part.size_bytes = facts.size_bytes;
  part.hash = std::move(facts.hash);
}

void Call::release() {
  if (!request_.ended && state_ == State::kUndecided && request_.heard) request_end(false);
  if (state_ == State::kIgnored) return;
  const bool told = response_.whole || response_.told;  // not by an event that was cut
  finish_answer();
  if (state_ == State::kMcp || state_ == State::kListening) {
    // What was only accepted is answered on another stream (the older transport).
    constexpr int kAccepted = 202;
    if (exchange_.http.status != kAccepted) {
      environment_.context.mcp.end(scope_, environment_.now, environment_.sink);
    }
    state_ = State::kIgnored;
    return;
  }
  if (state_ != State::kAccepted) return ignore();
  dialect_->finish(writer_);
  if (watched_) environment_.progress({scope_, exchange_, PartType::kText, {}, true});
  const bool events_lost = decoder_ && decoder_->dropped() != 0;
  exchange_.capture.complete = request_.heard && request_.whole && told && !response_.cut &&
                               !events_lost && !writer_.truncated();
  if (!exchange_.capture.complete) counters_.add(Count::kExchangesIncomplete);
  exchange_.duration_ms =
      std::chrono::duration<double, std::milli>(environment_.now - start_).count();
  complete_exchange(exchange_);
  state_ = State::kIgnored;
  environment_.sink(std::move(exchange_));
}

}  // namespace sonde::llm
