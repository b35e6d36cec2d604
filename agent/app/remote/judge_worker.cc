#include "agent/app/remote/judge_worker.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <spdlog/spdlog.h>

#include "agent/app/remote/judge_text.h"

namespace sonde::app {
namespace {

JudgePace::Budget budget_of(const config::RemoteJudge& judge) {
  return {judge.requests_per_minute, judge.requests_per_day, judge.characters_per_day};
}

// What a status other than 200 means for the text that was sent: it will not be taken, ever.
bool is_refusal(int status) { return status == 400 || status == 413 || status == 422; }

detect::Severity raised(detect::Severity severity) {
  return severity == detect::Severity::kCritical
             ? severity
             : static_cast<detect::Severity>(static_cast<uint8_t>(severity) + 1);
}

}  // namespace

JudgeWorker::JudgeWorker(config::RemoteJudge config, std::string secret, std::string key,
                         JudgeTransport transport, RemoteFindings& findings)
    : config_(std::move(config)),
      url_(judge_url(config_)),
      headers_(judge_headers(config_, secret)),
      key_(std::move(key)),
      transport_(std::move(transport)),
      findings_(findings),
      pace_(budget_of(config_)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

JudgeWorker::~JudgeWorker() {
  thread_.request_stop();
  transport_.cancel();
}

bool JudgeWorker::wants(const detect::ReviewCandidate& candidate) const {
  const auto& zones = config_.zones;
  const bool zone =
      std::find(zones.begin(), zones.end(), to_string(candidate.finding.zone)) != zones.end();
  const double score = candidate.finding.score;
  return zone && score >= config_.min_score && score <= config_.max_score;
}

void JudgeWorker::offer(const detect::ReviewCandidate& candidate,
                        const std::shared_ptr<const llm::Exchange>& exchange) {
  const detect::ReviewText& source = config_.redact ? candidate.masked : candidate.plain;
  const std::string_view shown = cut_to_sentences(source.text, source.focus, config_.characters);
  Job job;
  job.question = {candidate.finding.zone == llm::Zone::kTool, std::string(shown)};
  job.characters = utf16_units(shown);
  job.key = key_of(job.question);
  job.confirms = candidate.flagged;
  job.found = {candidate.finding, exchange};
  const bool whole =
      shown.size() == source.text.size() && candidate.whole_bytes <= detect::kReviewBytes;
  if (!whole) {
    add(JudgeCount::kTextsCut);
    job.found.finding.data["judged_bytes"] =
        fmt::format("{} of {}", shown.size(), candidate.whole_bytes);
  }
  const std::lock_guard lock(mutex_);
  if (const JudgeVerdict* known = known_.find(job.key)) {
    add(JudgeCount::kRemembered);
    return settle(job, *known);
  }
  if (queue_.size() >= kQueue || queued_bytes_ + shown.size() > kQueueBytes) {
    add(JudgeCount::kQueueFull);
    return;
  }
  job.expires = std::chrono::steady_clock::now() + kPatience;
  queued_bytes_ += shown.size();
  queue_.push_back(std::move(job));
  changed_.notify_all();
}

std::string JudgeWorker::key_of(const JudgeQuestion& question) const {
  std::string text(question.document ? "d" : "u");
  text += question.text;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

void JudgeWorker::run(const std::stop_token& stop) {
  for (Job job; next(stop, job); job = Job()) ask(std::move(job));
}

// The next text that may be sent, when it may be; false at the end.
bool JudgeWorker::next(const std::stop_token& stop, Job& job) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !queue_.empty(); }) && !stop.stop_requested()) {
    const Time now = std::chrono::steady_clock::now();
    drop_expired(now);
    if (queue_.empty()) continue;
    Job& first = queue_.front();
    const JudgeVerdict* known = known_.find(first.key);
    const auto turn = known != nullptr ? JudgePace::Turn() : pace_.ask(now, first.characters);
    if (turn.answer == JudgePace::Answer::kWait) {
      changed_.wait_until(lock, stop, std::min(turn.at, first.expires), [] { return false; });
      continue;
    }
    queued_bytes_ -= first.question.text.size();
    job = std::move(first);
    queue_.pop_front();
    if (known != nullptr) {
      add(JudgeCount::kRemembered);
      settle(job, *known);
    } else if (turn.answer == JudgePace::Answer::kSpent) {
      add(JudgeCount::kOverBudget);
    } else {
      return true;
    }
  }
  return false;
}

void JudgeWorker::drop_expired(Time now) {
  while (!queue_.empty() && queue_.front().expires <= now) {
    add(JudgeCount::kExpired);
    queued_bytes_ -= queue_.front().question.text.size();
    queue_.pop_front();
  }
}

void JudgeWorker::ask(Job&& job) {
  add(JudgeCount::kRequests);
  const auto answer = transport_.post(url_, headers_, judge_body(config_, job.question));
  if (!answer.ok()) return put_back(std::move(job), answer.error().message, std::nullopt);
  if (is_refusal(answer->status)) {
    add(JudgeCount::kRefused);
    return note_answer();
  }
  if (answer->status != 200) {
    return put_back(std::move(job), fmt::format("it answers {}", answer->status),
                    answer->retry_after);
  }
  const auto verdict = read_judge_answer(config_, job.question.document, answer->body);
  if (!verdict.ok()) {
    add(JudgeCount::kFailed);
    const std::lock_guard lock(mutex_);
    return note_trouble(verdict.error().message, std::nullopt);
  }
  note_answer();
  const std::lock_guard lock(mutex_);
  known_[job.key] = *verdict;
  settle(job, *verdict);
}

void JudgeWorker::settle(Job& job, const JudgeVerdict& verdict) {
  if (!verdict.attack) return;
  add(JudgeCount::kAttacks);
  detect::Finding& finding = job.found.finding;
  finding.detector = "judge." + config_.name;
  finding.data["judge"] = config_.name;
  finding.data["local_score"] = fmt::format("{:.2f}", finding.score);
  if (!verdict.categories.empty()) finding.data["categories"] = verdict.categories;
  if (job.confirms) {
    finding.data["confirms"] = "prompt_attack";
    finding.severity = raised(finding.severity);
  }
  finding.score = 1;
  findings_.add(std::move(job.found));
}

void JudgeWorker::put_back(Job&& job, const std::string& trouble,
                           std::optional<std::chrono::seconds> retry_after) {
  add(JudgeCount::kFailed);
  const std::lock_guard lock(mutex_);
  note_trouble(trouble, retry_after);
  queued_bytes_ += job.question.text.size();
  queue_.push_front(std::move(job));
}

// Said once, until it answers again.
void JudgeWorker::note_trouble(const std::string& trouble,
                               std::optional<std::chrono::seconds> retry_after) {
  pace_.failed(std::chrono::steady_clock::now(), retry_after);
  if (pace_.is_down() && trouble_.empty()) {
    spdlog::warn("judge '{}' gives no verdicts: {}; it is asked again now and then", config_.name,
                 trouble);
    trouble_ = trouble;
  }
}

void JudgeWorker::note_answer() {
  const std::lock_guard lock(mutex_);
  pace_.succeeded();
  if (!trouble_.empty()) spdlog::info("judge '{}' answers again", config_.name);
  trouble_.clear();
}

RemoteJudges::State JudgeWorker::state() const {
  const std::lock_guard lock(mutex_);
  RemoteJudges::State state{config_.name, queue_.size(), trouble_, {}};
  for (size_t i = 0; i < kJudgeCounts; ++i) state.counts[i] = counts_[i].load();
  return state;
}

}  // namespace sonde::app
