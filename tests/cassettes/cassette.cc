#include "tests/cassettes/cassette.h"

#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

namespace sonde::test {
namespace {

std::string decoded(const std::string& base64) {
  std::string out(base64.size(), '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(base64.data()),
                                     static_cast<int>(base64.size()));
  if (length < 0) return {};
  // EVP_DecodeBlock counts the padding as bytes.
  size_t size = static_cast<size_t>(length);
  for (auto last = base64.rbegin(); last != base64.rend() && *last == '='; ++last) --size;
  out.resize(size);
  return out;
}

RecordedExchange exchange_of(const nlohmann::json& line) {
  return {.file = line["file"],
          .method = line["method"],
          .host = line["host"],
          .target = line["target"],
          .request = decoded(line["request"]),
          .request_type = line["request_type"],
          .response = decoded(line["response"]),
          .response_type = line["response_type"],
          .status = line["status"]};
}

struct ClosePipe {
  void operator()(std::FILE* pipe) const { pclose(pipe); }
};

}  // namespace

std::vector<RecordedExchange> load_cassettes(const std::string& folder) {
  const std::string command =
      "python3 " SONDE_SOURCE_DIR "/tests/cassettes/to_jsonl.py '" + folder + "'";
  const std::unique_ptr<std::FILE, ClosePipe> pipe(popen(command.c_str(), "r"));
  std::vector<RecordedExchange> out;
  char* line = nullptr;
  size_t capacity = 0;
  ssize_t length = 0;
  while ((length = getline(&line, &capacity, pipe.get())) > 0) {
    out.push_back(exchange_of(nlohmann::json::parse(line, line + length)));
  }
  std::free(line);
  return out;
}

}  // namespace sonde::test
