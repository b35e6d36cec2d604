// One HTTP exchange: a line with host and target, a line with the answer's content type, then the
// request's body, a zero byte, the answer's body. Played whole and cut: what is reported must be
// the same.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/llm/assembler.h"
#include "agent/llm/exchange_json.h"

namespace {

struct Input {
  std::string_view host;
  std::string_view target;
  std::string_view type;
  std::string_view request;
  std::string_view response;
};

std::string_view take(std::string_view& text, char end) {
  const size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

Input read(std::string_view text) {
  Input input;
  std::string_view line = take(text, '\n');
  input.host = take(line, ' ');
  input.target = line;
  input.type = take(text, '\n');
  input.request = take(text, '\0');
  input.response = text;
  return input;
}

std::string play(const Input& input, size_t piece) {
  using sonde::http::End;
  sonde::Limits limits;
  limits.body_bytes = 1 << 20;
  limits.messages = 200;
  limits.parts = 400;
  limits.tool_calls = 100;
  sonde::Counters counters;
  std::string out;
  sonde::llm::Assembler assembler(limits, counters, [&](sonde::llm::Exchange&& exchange) {
    out += sonde::llm::exchange_json(exchange, nullptr) + "\n";
  });
  const auto feed = [&](std::string_view body, auto&& give) {
    for (size_t at = 0; at < body.size(); at += piece) {
      give(sonde::as_bytes(body.substr(at, piece)));
    }
  };
  sonde::http::Head head;
  head.method = "POST";
  head.target = input.target;
  head.fields = {
      {"host", std::string(input.host)},
      {"content-type",
       input.request.starts_with("--") ? "multipart/form-data; boundary=b" : "application/json"}};
  assembler.on_request_head(1, head);
  feed(input.request, [&](sonde::Bytes bytes) { assembler.on_request_body(1, bytes); });
  assembler.on_request_end(1, End::kComplete);
  sonde::http::Head answer;
  answer.status = 200;
  answer.fields = {{"content-type", std::string(input.type)}};
  assembler.on_response_head(1, answer);
  feed(input.response, [&](sonde::Bytes bytes) { assembler.on_response_body(1, bytes); });
  assembler.on_response_end(1, End::kComplete);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Input input = read(sonde::as_text(std::as_bytes(std::span(data, size))));
  const std::string whole = play(input, size + 1);
  for (const size_t piece : {size_t{1}, size_t{7}}) {
    if (play(input, piece) != whole) std::abort();
  }
  return 0;
}
