#include "agent/llm/dialects/openai_realtime.h"

#include <algorithm>

#include "agent/llm/dialects/openai_items.h"
#include "agent/llm/dialects/openai_parts.h"

namespace sonde::llm {

OpenAiRealtime::OpenAiRealtime(CallEnvironment& environment, const Exchange& base)
    : environment_(environment), base_(base), model_(base.request_model) {}

OpenAiRealtime::Turn& OpenAiRealtime::gathering() {
  if (gathering_) return *gathering_;
  gathering_ = std::make_unique<Turn>(environment_, base_);
  Exchange& exchange = gathering_->state.exchange();
  exchange.request_model = model_;
  exchange.system_instructions = instructions_;
  exchange.tools = tools_;
  if (!session_id_.empty()) exchange.conversation_id = session_id_;
  return *gathering_;
}

// {"type": "session.update", "session": {...}}, or session.created from the server. What it sets
// counts for the answer that is being prepared as well.
void OpenAiRealtime::read_session(const Json& session) {
  Writer& writer = gathering().state.writer();
  Exchange& exchange = gathering_->state.exchange();
  if (const Json id = session["id"]; !id.text().empty()) {
    writer.assign(session_id_, id.text());
    exchange.conversation_id = session_id_;
  }
  if (const Json model = session["model"]; !model.text().empty()) {
    writer.assign(model_, model.text());
    exchange.request_model = model_;
  }
  if (session["instructions"].exists()) {
    exchange.system_instructions.clear();
    writer.text(exchange.system_instructions, PartType::kText, session["instructions"].text(),
                "$.session.instructions");
    instructions_ = exchange.system_instructions;
  }
  if (session["tools"].is_array()) {
    exchange.tools.clear();
    read_openai_tools(session, writer);
    tools_ = exchange.tools;
  }
}

void OpenAiRealtime::read_item(const Json& item) {
  Writer& writer = gathering().state.writer();
  const Zone zone = zone_of_openai_item(item);
  const std::string_view role = item["role"].text();
  Message& message = writer.input(role.empty() ? to_string(zone) : role, zone);
  read_openai_item(item, "$.item", message.parts, writer);
}

// The realtime API wraps what differs from the session; the responses API sends a whole request.
void OpenAiRealtime::read_create(const Json& message) {
  Turn& turn = gathering();
  Writer& writer = turn.state.writer();
  const Json response = message["response"];
  if (!response.is_object()) {
    if (message["input"].exists()) turn.dialect.read_request(message, writer);
    return;
  }
  if (response["instructions"].exists()) {
    std::vector<Part>& parts = turn.state.exchange().system_instructions;
    parts.clear();
    writer.text(parts, PartType::kText, response["instructions"].text(), "$.response.instructions");
  }
  response["input"].each_item([&](size_t, Json item) { read_item(item); });
  read_openai_tools(response, writer);
  read_openai_user(response, writer);
}

void OpenAiRealtime::client_message(const Json& message) {
  const std::string_view type = message["type"].text();
  if (type == "session.update") {
    read_session(message["session"]);
  } else if (type == "conversation.item.create") {
    read_item(message["item"]);
  } else if (type == "response.create") {
    read_create(message);
  }
}

void OpenAiRealtime::server_message(const Json& message) {
  const std::string_view type = message["type"].text();
  if (type == "session.created") return read_session(message["session"]);
  if (type == "conversation.item.input_audio_transcription.completed") {
    Writer& writer = gathering().state.writer();
    return writer.text(writer.input("user").parts, PartType::kText, message["transcript"].text(),
                       "$.transcript");
  }
  if (type == "response.created") return begin_answer(message["response"]);
  const bool error = type == "error";
  if (!error && !type.starts_with("response.")) return;
  Turn* turn = answering(message);
  if (turn == nullptr) {
    if (!error) return;
    begin_answer(Json());
    turn = answering_.back().get();
  }
  turn->dialect.read_event(type, message, turn->state.writer());
  if (turn->dialect.ended() || error) end_answer(*turn);
}

void OpenAiRealtime::begin_answer(const Json& response) {
  if (answering_.size() >= environment_.limits.pipelined_requests) end_answer(*answering_.front());
  gathering();
  answering_.push_back(std::move(gathering_));
  Turn& turn = *answering_.back();
  Writer& writer = turn.state.writer();
  writer.assign(turn.response_id, response["id"].text());
  writer.assign(turn.state.exchange().response_id, response["id"].text());
}

OpenAiRealtime::Turn* OpenAiRealtime::answering(const Json& event) {
  if (answering_.empty()) return nullptr;
  const Json nested = event["response"]["id"];
  const std::string_view id = nested.exists() ? nested.text() : event["response_id"].text();
  const auto found = std::find_if(answering_.begin(), answering_.end(),
                                  [&](const TurnPtr& turn) { return turn->response_id == id; });
  return found != answering_.end() ? found->get() : answering_.back().get();
}

void OpenAiRealtime::end_answer(Turn& turn) {
  turn.dialect.finish(turn.state.writer());
  turn.state.emit(turn.dialect.ended() || !turn.state.exchange().error.empty());
  answering_.remove_if([&](const TurnPtr& known) { return known.get() == &turn; });
}

void OpenAiRealtime::gap() {
  if (gathering_) gathering_->state.lose();
  for (const TurnPtr& turn : answering_) turn->state.lose();
}

void OpenAiRealtime::finish() {
  while (!answering_.empty()) end_answer(*answering_.front());
  // Words that nothing answered are reported; a session that was only set up is not.
  if (gathering_ && !gathering_->state.exchange().input.empty()) gathering_->state.emit(false);
  gathering_.reset();
}

}  // namespace sonde::llm
