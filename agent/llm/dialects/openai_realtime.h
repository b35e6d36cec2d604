// OpenAI's realtime API, and its responses API over a WebSocket: sessions of events.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "agent/llm/dialects/openai_responses.h"
#include "agent/llm/socket_call.h"
#include "agent/llm/socket_turn.h"

namespace sonde::llm {

class OpenAiRealtime final : public SocketDialect {
 public:
  // Borrowed, as SocketTurn does.
  OpenAiRealtime(CallEnvironment& environment, const Exchange& base);

  void client_message(const Json& message) override;
  void server_message(const Json& message) override;
  void gap() override;
  void finish() override;

 private:
  struct Turn {
    Turn(CallEnvironment& environment, const Exchange& base) : state(environment, base) {}
    SocketTurn state;
    OpenAiResponses dialect;
    std::string response_id;
  };
  using TurnPtr = std::unique_ptr<Turn>;

  // The turn that gathers what is said before the next answer begins.
  Turn& gathering();
  void begin_answer(const Json& response);
  // The answer an event belongs to; null if none is under way.
  Turn* answering(const Json& event);
  void end_answer(Turn& turn);
  void read_session(const Json& session);
  void read_item(const Json& item);
  void read_create(const Json& message);

  CallEnvironment& environment_;
  const Exchange& base_;
  // What the session has set: begins every turn.
  std::string session_id_;
  std::string model_;
  std::vector<Part> instructions_;
  std::vector<ToolDefinition> tools_;
  TurnPtr gathering_;
  std::list<TurnPtr> answering_;
};

}  // namespace sonde::llm
