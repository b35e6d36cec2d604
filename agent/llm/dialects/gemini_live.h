// Gemini's and Vertex AI's live API: a setup, then turns over a WebSocket.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/llm/dialects/block_list.h"
#include "agent/llm/socket_call.h"
#include "agent/llm/socket_turn.h"

namespace sonde::llm {

class GeminiLive final : public SocketDialect {
 public:
  // Borrowed, as SocketTurn does.
  GeminiLive(CallEnvironment& environment, const Exchange& base);

  void client_message(const Json& message) override;
  void server_message(const Json& message) override;
  void gap() override;
  void finish() override;

 private:
  struct Turn {
    Turn(CallEnvironment& environment, const Exchange& base) : state(environment, base) {}
    SocketTurn state;
    BlockList blocks;
    std::string transcript;        // of the model's speech
    std::string input_transcript;  // of the user's
  };

  Turn& turn();
  void read_setup(const Json& setup);
  void read_server_content(const Json& content);
  void emit(std::string_view reason, bool ended);

  CallEnvironment& environment_;
  const Exchange& base_;
  std::string model_;
  std::vector<Part> instructions_;
  std::vector<ToolDefinition> tools_;
  std::unique_ptr<Turn> turn_;
};

}  // namespace sonde::llm
