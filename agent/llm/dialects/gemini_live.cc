#include "agent/llm/dialects/gemini_live.h"

#include "agent/llm/dialects/gemini_parts.h"

namespace sonde::llm {

GeminiLive::GeminiLive(CallEnvironment& environment, const Exchange& base)
    : environment_(environment), base_(base), model_(base.request_model) {}

GeminiLive::Turn& GeminiLive::turn() {
  if (turn_) return *turn_;
  turn_ = std::make_unique<Turn>(environment_, base_);
  Exchange& exchange = turn_->state.exchange();
  exchange.operation = "generate_content";
  exchange.request_model = model_;
  exchange.system_instructions = instructions_;
  exchange.tools = tools_;
  return *turn_;
}

void GeminiLive::read_setup(const Json& setup) {
  SocketTurn& state = turn().state;
  Exchange& exchange = state.exchange();
  std::string_view model = setup["model"].text();
  if (const size_t slash = model.rfind('/'); slash != std::string_view::npos) {
    model.remove_prefix(slash + 1);  // "models/gemini-2.5-flash"
  }
  if (!model.empty()) state.writer().assign(model_, model);
  exchange.request_model = model_;
  read_gemini_system(setup, state.writer());
  read_gemini_tools(setup, state.writer());
  instructions_ = exchange.system_instructions;
  tools_ = exchange.tools;
}

void GeminiLive::client_message(const Json& message) {
  if (const Json setup = message["setup"]; setup.exists()) return read_setup(setup);
  if (const Json content = gemini_member(message, "clientContent", "client_content");
      content.exists()) {
    Writer& writer = turn().state.writer();
    return content["turns"].each_item([&](size_t index, Json one) {
      read_gemini_content(one, json_path("$.clientContent.turns", index), writer);
    });
  }
  if (const Json live = gemini_member(message, "realtimeInput", "realtime_input");
      live["text"].is_string()) {
    Writer& writer = turn().state.writer();
    return writer.text(writer.input("user").parts, PartType::kText, live["text"].text(),
                       "$.realtimeInput.text");
  }
  const Json results = gemini_member(message, "toolResponse", "tool_response");
  const Json responses = gemini_member(results, "functionResponses", "function_responses");
  if (!responses.exists()) return;
  Writer& writer = turn().state.writer();
  Message& to = writer.input("tool");
  responses.each_item([&](size_t index, Json response) {
    Part& part = writer.part(to.parts, PartType::kToolCallResponse,
                             json_path("$.toolResponse.functionResponses", index) + ".response");
    writer.append(part.id, response["id"].text());
    writer.append(part.name, response["name"].text());
    writer.append(part.content, response["response"].dump());
  });
}

void GeminiLive::read_server_content(const Json& content) {
  Turn& to = turn();
  Writer& writer = to.state.writer();
  const Json turn_parts = gemini_member(content, "modelTurn", "model_turn")["parts"];
  turn_parts.each_item([&](size_t, Json part) {
    add_gemini_part(part, "$.serverContent.modelTurn.parts", to.blocks,
                    /*grows=*/true, writer);
  });
  writer.append(
      to.transcript,
      gemini_member(content, "outputTranscription", "output_transcription")["text"].text());
  writer.append(to.input_transcript,
                gemini_member(content, "inputTranscription", "input_transcription")["text"].text());
  const bool done = gemini_member(content, "turnComplete", "turn_complete").truth();
  if (done) emit(content["interrupted"].truth() ? "interrupted" : "turn_complete", true);
}

void GeminiLive::server_message(const Json& message) {
  const Json usage = gemini_member(message, "usageMetadata", "usage_metadata");
  if (usage.exists()) read_gemini_usage(usage, turn().state.exchange());
  const Json call = gemini_member(message, "toolCall", "tool_call");
  const Json calls = gemini_member(call, "functionCalls", "function_calls");
  if (calls.exists()) {
    Turn& to = turn();
    calls.each_item([&](size_t index, Json from) {
      Block* const block =
          to.blocks.open(to.blocks.size(), PartType::kToolCall,
                         json_path("$.toolCall.functionCalls", index) + ".args", to.state.writer());
      if (block == nullptr) return;
      Writer& writer = to.state.writer();
      writer.append(block->id, from["id"].text());
      writer.append(block->name, from["name"].text());
      writer.grow(block->type, block->text, from["args"].dump());
    });
    return emit("tool_call", true);
  }
  const Json content = gemini_member(message, "serverContent", "server_content");
  if (content.exists()) read_server_content(content);
}

void GeminiLive::emit(std::string_view reason, bool ended) {
  Turn& from = turn();
  Writer& writer = from.state.writer();
  if (!from.input_transcript.empty()) {
    writer
        .part(writer.input("user").parts, PartType::kText,
              "$.serverContent.inputTranscription.text")
        .content = from.input_transcript;
  }
  if (!from.blocks.empty() || !from.transcript.empty()) {
    Message& message = writer.output("model");
    from.blocks.write(message, writer);
    if (!from.transcript.empty()) {
      writer.part(message.parts, PartType::kText, "$.serverContent.outputTranscription.text")
          .content = from.transcript;
    }
    message.finish_reason = reason;
    writer.finish_reason(reason);
  }
  from.state.emit(ended);
  turn_.reset();
}

void GeminiLive::gap() {
  if (turn_) turn_->state.lose();
}

void GeminiLive::finish() {
  if (!turn_) return;
  const bool said = !turn_->state.exchange().input.empty() || !turn_->blocks.empty() ||
                    !turn_->transcript.empty();
  if (said) emit("closed", false);
  turn_.reset();
}

}  // namespace sonde::llm
