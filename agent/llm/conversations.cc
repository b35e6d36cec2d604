#include "agent/llm/conversations.h"

#include <vector>

namespace sonde::llm {
namespace {

// FNV-1a, 64 bits.
class Hash {
 public:
  explicit Hash(uint64_t state = 0xcbf29ce484222325ULL) : state_(state) {}
  Hash& add(std::string_view text) {
    for (const char c : text) byte(static_cast<unsigned char>(c));
    byte(0xFF);  // never in UTF-8: "ab","c" is not "a","bc"
    return *this;
  }
  uint64_t value() const { return state_; }

 private:
  void byte(unsigned char c) { state_ = (state_ ^ c) * 0x100000001b3ULL; }
  uint64_t state_;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// What a client repeats of a message in its next request: texts, which it may trim, and calls,
// whose arguments it may write anew. Reasoning is often left out.
Hash add_message(Hash hash, const Message& message) {
  std::string text;
  hash.add(to_string(message.zone));
  for (const Part& part : message.parts) {
    if (part.type == PartType::kText || part.type == PartType::kToolCallResponse) {
      text += part.content;
    } else if (part.type == PartType::kToolCall) {
      hash.add(part.id.empty() ? part.name : part.id);
    }
  }
  return hash.add(trimmed(text));
}

uint64_t key_of(std::string_view kind, std::string_view scope, std::string_view id) {
  return Hash().add(kind).add(scope).add(id).value();
}

std::string hex(uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 15];
  return out;
}

}  // namespace

const std::string* Conversations::find(uint64_t key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &found->second;
}

void Conversations::remember(uint64_t key, const std::string& conversation) {
  if (!by_key_.insert_or_assign(key, conversation).second) return;
  age_.push_back(key);
  constexpr size_t kKeysEach = 4;  // an answer's id, its text, a trace, and some to spare
  while (age_.size() > kKeysEach * limits_.conversations) {
    by_key_.erase(age_.front());
    age_.pop_front();
  }
}

void Conversations::link(std::string_view scope, Exchange& exchange) {
  // The state of the conversation behind each message of the model is what the exchange that ended
  // with it has left here.
  Hash hash = Hash().add("texts").add(scope);
  const std::string* known = nullptr;
  for (const Message& message : exchange.input) {
    hash = add_message(hash, message);
    if (message.zone != Zone::kAssistant) continue;
    if (const std::string* const before = find(hash.value())) known = before;
  }
  if (known == nullptr && !exchange.previous_response_id.empty()) {
    known = find(key_of("answer", scope, exchange.previous_response_id));
    if (known == nullptr) known = &exchange.previous_response_id;
  }
  if (known == nullptr && !exchange.trace_id.empty()) {
    known = find(key_of("trace", scope, exchange.trace_id));
  }
  std::string& id = exchange.conversation_id;
  if (id.empty() && known != nullptr) id = *known;
  if (id.empty()) {
    // The time only where nothing better tells it from the next one that begins with the same
    // words: whoever else hears the exchange, or replays it, then gives it the same name.
    const std::string own = exchange.response_id.empty()
                                ? std::to_string(exchange.start_time.time_since_epoch().count())
                                : exchange.response_id;
    id = hex(Hash(hash.value()).add(own).value());
  }
  if (!exchange.response_id.empty()) remember(key_of("answer", scope, exchange.response_id), id);
  if (!exchange.trace_id.empty()) remember(key_of("trace", scope, exchange.trace_id), id);
  // Of several choices the client goes on with one.
  for (const Message& answer : exchange.output) {
    if (!answer.parts.empty()) remember(add_message(hash, answer).value(), id);
  }
}

}  // namespace sonde::llm
