// One call to a language model, independent of provider and protocol: what SPEC calls an exchange.
// The JSON form is sonde.exchange/1 (exchange_json.h); names follow OpenTelemetry GenAI.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/time.h"

namespace sonde::llm {

// Trust zone of a text: who could have written it.
enum class Zone : uint8_t { kSystem, kDeveloper, kUser, kAssistant, kTool };

enum class PartType : uint8_t {
  kText,
  kReasoning,
  kRefusal,
  kToolCall,          // id, name, arguments
  kToolCallResponse,  // id, content = result
  kBlob,              // image, audio, file: media_type, size_bytes, hash; never the content
};

// A piece of a message. Strings are UTF-8 as sent.
struct Part {
  PartType type = PartType::kText;
  std::string content;    // text, reasoning, refusal, or a tool's result
  std::string id;         // tool call id
  std::string name;       // tool name
  std::string arguments;  // tool call: JSON text as sent; an object where the provider sends one
  std::string media_type;
  uint64_t size_bytes = 0;
  std::string hash;         // blob: "sha256:..." of the bytes as sent
  std::string json_path;    // where in the body the text stood: "$.messages[3].content[0].text"
  std::string annotations;  // text: citations as sent, a JSON array's text, or empty
};

struct Message {
  std::string role;
  Zone zone = Zone::kUser;
  std::vector<Part> parts;
  std::string finish_reason;  // output messages only
};

struct ToolDefinition {
  std::string name;
  std::string description;
  std::string parameters;  // JSON schema text
  std::string type = "function";
};

// A judgement of the provider itself, read from its answer.
struct ProviderVerdict {
  std::string name;  // jailbreak, indirect_attack, hate, ...
  bool detected = false;
  bool filtered = false;
};

struct ProcessRef {
  uint32_t pid = 0;
  std::string exe;
};

struct Process {
  uint32_t pid = 0;
  uint64_t start_time_ns = 0;
  std::string exe;
  std::vector<std::string> command_line;
  uint32_t uid = 0;
  std::vector<ProcessRef> parents;  // nearest first
};

struct Container {
  std::string id;
  std::string name;
  std::string image;
  std::string runtime;  // docker, containerd, crio, podman, runc
};

struct Kubernetes {
  std::string namespace_name;
  std::string pod;
  std::string container;
  std::string node;
  std::string pod_uid;
  std::vector<std::pair<std::string, std::string>> labels;  // of the pod, sorted by key
};

struct Capture {
  std::string tls;         // openssl, boringssl, ... as in SPEC section 6
  std::string located_by;  // symbol, xref, ...
  std::string side;        // client, server
  uint64_t lost_bytes = 0;
  bool joined_late = false;
  bool complete = false;
};

struct Network {
  std::string local;
  std::string peer;
  std::string host;
  std::string found_by = "none";  // syscall, ciphertext, none
};

struct HttpFacts {
  std::string version;  // "1.1", "2", "websocket"
  std::string method;
  std::string path;
  int status = 0;
  std::string user_agent;
  uint64_t request_body_bytes = 0;   // decoded
  uint64_t response_body_bytes = 0;  // decoded
};

struct UserContext {
  std::string end_user_id;
  std::string application_name;
  std::string source_ip;
  std::string end_user_tenant_id;
};

// What is known of a Model Context Protocol exchange besides its texts.
struct Mcp {
  std::string method;  // "tools/call"
  std::string session_id;
  std::string protocol_version;
  std::string client_name;  // of initialize, with the version behind a slash
  std::string server_name;
};

struct Exchange {
  std::string id;
  WallTime start_time;
  double duration_ms = 0;
  Process process;
  std::optional<Container> container;
  std::optional<Kubernetes> kubernetes;
  Capture capture;
  Network network;
  HttpFacts http;

  std::string operation;  // chat, text_completion, embeddings, generate_content, ...
  std::string provider;   // openai, anthropic, ...
  std::string request_model;
  std::string response_model;
  std::string response_id;
  std::string conversation_id;
  std::string previous_response_id;  // the answer this request goes on from, where it says so
  bool stream = false;
  std::vector<std::string> finish_reasons;
  std::vector<Part> system_instructions;
  std::vector<Message> input;
  std::vector<Message> output;
  std::vector<ToolDefinition> tools;
  std::optional<uint64_t> input_tokens;
  std::optional<uint64_t> output_tokens;
  UserContext user;
  std::vector<ProviderVerdict> verdicts;
  std::string error;  // the provider's error type or code, if the answer is one
  std::string error_message;
  std::string trace_id;  // of the distributed trace the request names (W3C Trace Context), or empty
  std::optional<Mcp> mcp;
  // Keyed fingerprint of the API key in the request's header; never the key.
  std::string key_fingerprint;
};

std::string_view to_string(Zone zone);
std::string_view to_string(PartType type);

}  // namespace sonde::llm
