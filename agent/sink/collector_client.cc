#include "agent/sink/collector_client.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "agent/sink/file.h"

namespace sonde::sink {
namespace {

constexpr size_t kTokenBytes = 4096;

}  // namespace

Result<std::string> read_token(const std::string& path) {
  const auto file = File::open(path, O_RDONLY);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  auto token = file->read(0, kTokenBytes);
  if (!token.ok()) return token;
  while (!token->empty() && static_cast<unsigned char>(token->back()) <= ' ') token->pop_back();
  for (const char c : *token) {
    if (c <= ' ' || c > '~') return fail(fmt::format("'{}' does not hold a token", path));
  }
  if (token->empty()) return fail(fmt::format("'{}' is empty", path));
  return token;
}

Result<std::unique_ptr<CollectorClient>> CollectorClient::create(
    const CollectorClientConfig& config) {
  if (!config.url.starts_with("https://"))
    return fail("the collector's URL must begin with https://");
  CollectorClientConfig clean = config;
  while (clean.url.ends_with('/')) clean.url.pop_back();
  egress::HttpOptions options;
  options.ca = config.ca;
  options.certificate = config.cert;
  options.key = config.key;
  options.connect_timeout = config.connect_timeout;
  options.timeout = config.timeout;
  auto http = egress::HttpClient::create(options);
  if (!http.ok()) return tl::unexpected<Error>(http.error());
  return std::unique_ptr<CollectorClient>(new CollectorClient(clean, std::move(*http)));
}

Status CollectorClient::authorize(std::vector<std::string>& headers) const {
  if (config_.token_file.empty()) return {};
  const auto token = read_token(config_.token_file);
  if (!token.ok()) return tl::unexpected<Error>(token.error());
  headers.push_back("Authorization: Bearer " + *token);
  return {};
}

Result<egress::HttpAnswer> CollectorClient::get(const std::string& path) {
  std::vector<std::string> headers;
  if (const Status authorized = authorize(headers); !authorized.ok()) {
    return tl::unexpected<Error>(authorized.error());
  }
  return http_->get(config_.url + path, headers);
}

Result<egress::HttpAnswer> CollectorClient::post(const std::string& path,
                                                 std::vector<std::string> headers,
                                                 std::string_view body) {
  if (const Status authorized = authorize(headers); !authorized.ok()) {
    return tl::unexpected<Error>(authorized.error());
  }
  return http_->post(config_.url + path, headers, body);
}

}  // namespace sonde::sink
