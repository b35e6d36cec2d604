#include "agent/app/remote/remote_judges.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include "agent/app/remote/judge_worker.h"
#include "agent/egress/secret_file.h"
#include "agent/llm/exchange_facts.h"

namespace sonde::app {
namespace {

constexpr size_t kAnswerBytes = size_t{64} << 10;  // a verdict is a word or two

Result<std::string> draw_user_agent() {
  std::array<unsigned char, 8> drawn{};
  if (RAND_bytes(drawn.data(), drawn.size()) != 1) return fail("no random numbers");
  std::string name = "sonde-judge/";
  for (const unsigned char byte : drawn) fmt::format_to(std::back_inserter(name), "{:02x}", byte);
  return name;
}

Result<JudgeTransport> connect(const config::RemoteJudge& judge, const std::string& user_agent) {
  egress::HttpOptions options;
  options.ca = judge.ca;
  options.user_agent = user_agent;
  options.connect_timeout = std::min(options.connect_timeout, judge.timeout);
  options.timeout = judge.timeout;
  options.answer_bytes = kAnswerBytes;
  auto client = egress::HttpClient::create(options);
  if (!client.ok()) return tl::unexpected<Error>(client.error());
  const std::shared_ptr<egress::HttpClient> http = std::move(*client);
  return JudgeTransport{[http](const std::string& url, const std::vector<std::string>& headers,
                               const std::string& body) { return http->post(url, headers, body); },
                        [http] { http->cancel(); }};
}

}  // namespace

Result<std::unique_ptr<RemoteJudges>> RemoteJudges::start(
    const std::vector<config::RemoteJudge>& judges, const std::string& key) {
  auto user_agent = draw_user_agent();
  if (!user_agent.ok()) return tl::unexpected<Error>(user_agent.error());
  std::unique_ptr<RemoteJudges> all(new RemoteJudges(std::move(*user_agent)));
  for (const config::RemoteJudge& judge : judges) {
    auto secret = egress::read_secret(judge.secret_file);
    if (!secret.ok()) return tl::unexpected<Error>(secret.error());
    auto transport = connect(judge, all->user_agent_);
    if (!transport.ok()) return tl::unexpected<Error>(transport.error());
    spdlog::warn("texts that score {} to {} are sent to the judge '{}' at {}", judge.min_score,
                 judge.max_score, judge.name, judge.url);
    all->workers_.push_back(std::make_unique<JudgeWorker>(judge, std::move(*secret), key,
                                                          std::move(*transport), all->findings_));
  }
  return all;
}

RemoteJudges::RemoteJudges(std::string user_agent) : user_agent_(std::move(user_agent)) {}
RemoteJudges::~RemoteJudges() = default;

detect::ReviewBand RemoteJudges::band() const {
  detect::ReviewBand band;
  for (const auto& worker : workers_) {
    const config::RemoteJudge& judge = worker->config();
    const auto names = [&](std::string_view zone) {
      return std::find(judge.zones.begin(), judge.zones.end(), zone) != judge.zones.end();
    };
    band.min_score = std::min(band.min_score, judge.min_score);
    band.max_score = std::max(band.max_score, judge.max_score);
    band.user = band.user || names("user");
    band.tool = band.tool || names("tool");
    band.plain = band.plain || !judge.redact;
  }
  return band;
}

void RemoteJudges::offer(const detect::ReviewCandidate& candidate, const llm::Exchange& exchange) {
  std::shared_ptr<const llm::Exchange> facts;
  for (const auto& worker : workers_) {
    if (!worker->wants(candidate)) continue;
    if (!facts) facts = std::make_shared<const llm::Exchange>(llm::without_texts(exchange));
    worker->offer(candidate, facts);
  }
}

std::vector<RemoteJudges::State> RemoteJudges::states() const {
  std::vector<State> states;
  for (const auto& worker : workers_) states.push_back(worker->state());
  return states;
}

std::vector<std::string> RemoteJudges::troubles() const {
  std::vector<std::string> troubles;
  for (const State& judge : states()) {
    if (judge.trouble.empty()) continue;
    troubles.push_back(fmt::format("judge '{}' gives no verdicts: {}", judge.name, judge.trouble));
  }
  return troubles;
}

}  // namespace sonde::app
