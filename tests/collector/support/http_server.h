// A loopback HTTP server for tests: remembers what it was asked, answers what the test says.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sonde::testing {

struct HttpCall {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

struct HttpReply {
  int status = 200;
  std::string body = "{}";
  std::string headers;  // whole lines, each with its CRLF
};

class HttpServer {
 public:
  explicit HttpServer(std::function<HttpReply(const HttpCall&)> answer);
  ~HttpServer();
  std::string url() const;
  std::vector<HttpCall> calls() const;

 private:
  void run();
  void serve(int connection);

  const std::function<HttpReply(const HttpCall&)> answer_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<HttpCall> calls_;
  std::thread thread_;
};

}  // namespace sonde::testing
