#include "tests/delivery/collector_process.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <curl/curl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

namespace sonde::testing {
namespace {

size_t append_body(char* data, size_t size, size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

}  // namespace

CollectorProcess::CollectorProcess() {
  std::string path = (std::filesystem::temp_directory_path() / "sonde-delivery.XXXXXX").string();
  directory_ = ::mkdtemp(path.data());
  std::ofstream(directory_ + "/config.yaml")
      << "state_directory: " << directory_ << "/state\nretention:\n  alert_days: 36500\n";
  ::setenv("SONDE_COLLECTOR_LISTEN", "127.0.0.1:0", 1);
}

CollectorProcess::~CollectorProcess() {
  stop(SIGKILL);
  std::filesystem::remove_all(directory_);
}

std::string CollectorProcess::url() const { return fmt::format("https://127.0.0.1:{}", port_); }

std::string CollectorProcess::command(const std::string& arguments) {
  const std::string line = fmt::format("{} --config {}/config.yaml {} 2>/dev/null",
                                       SONDE_COLLECTOR_BINARY, directory_, arguments);
  FILE* pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string output;
  std::array<char, 256> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  if (::pclose(pipe) != 0) return {};
  while (output.ends_with('\n')) output.pop_back();
  return output;
}

bool CollectorProcess::start() {
  ::setenv("SONDE_COLLECTOR_LISTEN", fmt::format("127.0.0.1:{}", port_).c_str(), 1);
  std::array<int, 2> output{};
  if (::pipe(output.data()) != 0) return false;
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(output[1], STDOUT_FILENO);
    ::close(output[0]);
    ::close(output[1]);
    const std::string config = directory_ + "/config.yaml";
    ::execl(SONDE_COLLECTOR_BINARY, "sonde-collector", "--config", config.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(output[1]);
  log_ = ::fdopen(output[0], "r");
  std::array<char, 512> line{};
  while (std::fgets(line.data(), line.size(), log_) != nullptr) {
    const std::string text = line.data();
    constexpr std::string_view kSign = "listening on https://127.0.0.1:";
    const size_t at = text.find(kSign);
    if (at == std::string::npos) continue;
    port_ = std::atoi(text.c_str() + at + kSign.size());
    return port_ != 0;
  }
  return false;
}

void CollectorProcess::stop(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, signal);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
  if (log_ != nullptr) std::fclose(log_);
  log_ = nullptr;
}

nlohmann::json CollectorProcess::call(const std::string& path, const std::string& token,
                                      const std::string& body) {
  std::string answer;
  CURL* curl = curl_easy_init();
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  if (!token.empty()) {
    headers = curl_slist_append(headers, ("Authorization: Bearer " + token).c_str());
  }
  curl_easy_setopt(curl, CURLOPT_URL, (url() + path).c_str());
  curl_easy_setopt(curl, CURLOPT_CAINFO, ca().c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
  if (!body.empty()) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_perform(curl);
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  return nlohmann::json::parse(answer, nullptr, false);
}

std::vector<std::string> CollectorProcess::stored_alerts(const std::string& token) {
  std::vector<std::string> uids;
  std::string cursor;
  do {
    const nlohmann::json page = call("/api/v1/alerts?limit=500" + cursor, token);
    if (!page.is_object() || !page.contains("items")) return {};
    for (const auto& item : page["items"]) uids.push_back(item["uid"]);
    const auto& next = page["next_cursor"];
    cursor = next.is_string() ? "&cursor=" + next.get<std::string>() : "";
  } while (!cursor.empty());
  return uids;
}

}  // namespace sonde::testing
