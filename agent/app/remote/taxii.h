// A client of one TAXII 2.1 collection (OASIS): fetches STIX indicators page by page, from where it
// stopped the last time, into a list on disk that the agent reads like any other.
//
// Offline first: the list is the last good copy, whatever the server does. Memory does not grow
// with the list: a refresh holds one page and eight bytes for each object that it brought. Not
// thread-safe: one thread refreshes.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/egress/http_client.h"

namespace sonde::app {

struct TaxiiConfig {
  std::string collection;   // "https://HOST/ROOT/collections/ID/"
  std::string user;         // HTTP Basic, where set
  std::string secret_file;  // password, or a bearer token where no user is set; empty: none
  std::string ca;
  std::string folder;  // where list and state are kept
  std::chrono::seconds timeout{30};
  size_t page_objects = 1000;
};

class TaxiiClient {
 public:
  static constexpr size_t kPages = 10'000;
  static constexpr size_t kObjects = 4'000'000;
  static constexpr size_t kPageBytes = size_t{64} << 20;

  // GET of a URL with headers, with kPageBytes at most.
  using Get = std::function<Result<egress::HttpAnswer>(const std::string& url,
                                                       const std::vector<std::string>& headers)>;

  TaxiiClient(TaxiiConfig config, Get get);

  // Where the list of a collection is: indicator and object id on a line, for
  // detect.indicator_files.
  static std::string list_path(const TaxiiConfig& config);

  struct Refreshed {
    size_t pages = 0;
    size_t objects = 0;  // indicators that are new, changed or revoked
  };
  // Fetches what was added since the last good refresh. On an error the list stays as it was.
  Result<Refreshed> refresh();

 private:
  struct Page;
  struct Update;
  Result<Page> fetch(const std::string& added_after, const std::string& next) const;
  Result<std::string> authorization() const;
  static Status read_page(const egress::HttpAnswer& answer, Page& page);
  Status merge(const Update& update) const;

  TaxiiConfig config_;
  Get get_;
  std::string list_path_;
  std::string state_path_;  // where the next refresh begins
};

}  // namespace sonde::app
