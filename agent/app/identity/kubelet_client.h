// GET /pods of this node's kubelet, over HTTPS with the service account's token.
#pragma once

#include <memory>
#include <string>

#include "agent/base/result.h"
#include "agent/config/config.h"

namespace sonde::egress {
class HttpClient;
}

namespace sonde::app {

// One thread asks; cancel() from any.
class KubeletClient {
 public:
  static Result<std::unique_ptr<KubeletClient>> create(const config::Kubernetes& config);
  ~KubeletClient();

  // The answer's body. Bounded in size and time.
  Result<std::string> pods();
  // Ends a question that is under way, and each later one.
  void cancel();

 private:
  KubeletClient(const config::Kubernetes& config, std::unique_ptr<egress::HttpClient> http);

  const std::string url_;
  const std::string token_file_;
  const std::unique_ptr<egress::HttpClient> http_;
};

}  // namespace sonde::app
