// Judges elsewhere: asked about texts of which the local model is not sure, each on a thread of its
// own behind a bounded queue, within its budget. Nothing waits for them: what they call an attack
// comes back as a finding, later.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/app/remote/judge_protocol.h"
#include "agent/base/result.h"
#include "agent/detect/review.h"
#include "agent/egress/http_client.h"
#include "agent/llm/exchange.h"

namespace sonde::app {

class JudgeWorker;

// What is counted of each judge.
enum class JudgeCount : uint8_t {
  kRequests,
  kAttacks,     // texts called one
  kRemembered,  // texts whose verdict was known
  kTextsCut,
  kFailed,     // requests without a verdict
  kQueueFull,  // texts that are not judged, by reason
  kExpired,
  kRefused,
  kOverBudget,
};
inline constexpr size_t kJudgeCounts = 9;

// A text that a remote judge called an attack.
struct RemoteFinding {
  detect::Finding finding;
  std::shared_ptr<const llm::Exchange> exchange;  // without its texts
};

// Found by workers, taken by the pipeline. Thread-safe.
class RemoteFindings {
 public:
  void add(RemoteFinding&& found) {
    const std::lock_guard lock(mutex_);
    found_.push_back(std::move(found));
  }
  std::vector<RemoteFinding> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(found_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<RemoteFinding> found_;
};

// How a judge is reached. `post` is called on the judge's thread, `cancel` on any.
struct JudgeTransport {
  std::function<Result<egress::HttpAnswer>(
      const std::string& url, const std::vector<std::string>& headers, const std::string& body)>
      post;
  std::function<void()> cancel;
};

class RemoteJudges {
 public:
  // `key` is the fingerprints': verdicts are remembered under keyed hashes of texts. Fails where a
  // secret cannot be read; a judge that does not answer is no failure.
  static Result<std::unique_ptr<RemoteJudges>> start(const std::vector<config::RemoteJudge>& judges,
                                                     const std::string& key);
  // Ends a request that is under way; texts that wait are not judged any more.
  ~RemoteJudges();

  // What all judges together want to see.
  detect::ReviewBand band() const;
  // Never blocks for long, drops and counts what no queue has room for.
  void offer(const detect::ReviewCandidate& candidate, const llm::Exchange& exchange);
  std::vector<RemoteFinding> take() { return findings_.take(); }

  // An exchange with a judge, heard like any other: to judge it would ask the judge again.
  bool is_own(const llm::Exchange& exchange) const {
    return exchange.http.user_agent == user_agent_;
  }

  struct State {
    std::string name;
    uint64_t waiting = 0;
    std::string trouble;  // empty: it answers; no text of an exchange
    std::array<uint64_t, kJudgeCounts> counts{};
  };
  std::vector<State> states() const;
  // A sentence for each judge that does not answer.
  std::vector<std::string> troubles() const;

 private:
  explicit RemoteJudges(std::string user_agent);

  const std::string user_agent_;  // drawn anew at each start, so that nobody can borrow it
  RemoteFindings findings_;
  std::vector<std::unique_ptr<JudgeWorker>> workers_;  // last: they use the findings
};

}  // namespace sonde::app
