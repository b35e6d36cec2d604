#include "agent/app/remote/taxii.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iterator>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "agent/detect/indicators_json.h"
#include "agent/sink/file.h"

namespace sonde::app {

using Json = nlohmann::json;

namespace {

constexpr std::string_view kMediaType = "application/taxii+json;version=2.1";
constexpr size_t kSecretBytes = 4096;
constexpr size_t kLongestId = 128;
constexpr size_t kLongestValue = 2048;

uint64_t hash_of(std::string_view id) { return std::hash<std::string_view>{}(id); }

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

// What may stand in a query (RFC 3986, 2.3) as it is; the rest percent-encoded.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string text_at(const Json& object, const char* key) {
  const auto place = object.find(key);
  return place != object.end() && place->is_string() ? place->get<std::string>() : std::string();
}

// The last field of a line of the list.
std::string_view id_of_line(std::string_view line) { return line.substr(line.rfind(',') + 1); }

bool fits_in_a_line(std::string_view value) {
  return !value.empty() && value.size() <= kLongestValue &&
         value.find_first_of("\r\n,\"") == value.npos;
}

std::string with_slash(std::string collection) {
  if (!collection.ends_with('/')) collection += '/';
  return collection;
}

// Of the files of a collection.
std::string stem_of(const TaxiiConfig& config) {
  return fmt::format("{}/taxii-{:016x}", config.folder, hash_of(with_slash(config.collection)));
}

}  // namespace

// One envelope (TAXII 2.1, 3.7), read.
struct TaxiiClient::Page {
  std::vector<std::string> lines;  // "VALUE,ID"
  std::vector<uint64_t> ids;       // of all indicators in it
  std::string next;
  std::string last_added;  // X-TAXII-Date-Added-Last
  bool more = false;
};

// All pages of a refresh.
struct TaxiiClient::Update {
  std::vector<uint64_t> ids;
  std::string fresh_path;  // the new lines
  std::string added_after;
};

TaxiiClient::TaxiiClient(TaxiiConfig config, Get get)
    : config_(std::move(config)),
      get_(std::move(get)),
      list_path_(list_path(config_)),
      state_path_(stem_of(config_) + ".state") {
  config_.collection = with_slash(config_.collection);
}

std::string TaxiiClient::list_path(const TaxiiConfig& config) { return stem_of(config) + ".csv"; }

Result<std::string> TaxiiClient::authorization() const {
  if (config_.secret_file.empty()) return std::string();
  const auto file = sink::File::open(config_.secret_file, O_RDONLY);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  auto secret = file->read(0, kSecretBytes);
  if (!secret.ok()) return secret;
  while (!secret->empty() && static_cast<unsigned char>(secret->back()) <= ' ') secret->pop_back();
  if (secret->find_first_of("\r\n") != std::string::npos)
    return fail(fmt::format("'{}' does not hold a secret", config_.secret_file));
  if (config_.user.empty()) return "Authorization: Bearer " + *secret;
  return "Authorization: Basic " + base64(fmt::format("{}:{}", config_.user, *secret));
}

Result<TaxiiClient::Page> TaxiiClient::fetch(const std::string& added_after,
                                             const std::string& next) const {
  const auto authorized = authorization();
  if (!authorized.ok()) return tl::unexpected<Error>(authorized.error());
  std::string url = fmt::format("{}objects/?match%5Btype%5D=indicator&limit={}", config_.collection,
                                config_.page_objects);
  if (!added_after.empty()) url += "&added_after=" + encoded(added_after);
  if (!next.empty()) url += "&next=" + encoded(next);
  std::vector<std::string> headers = {fmt::format("Accept: {}", kMediaType)};
  if (!authorized->empty()) headers.push_back(*authorized);
  const auto answer = get_(url, headers);
  if (!answer.ok()) return tl::unexpected<Error>(answer.error());
  if (answer->cut) return fail("the server's page is longer than 64 MiB");
  if (answer->status != 200) return fail(fmt::format("the server answered {}", answer->status));
  Page page;
  if (Status read = read_page(*answer, page); !read.ok())
    return tl::unexpected<Error>(read.error());
  return page;
}

Status TaxiiClient::read_page(const egress::HttpAnswer& answer, Page& page) {
  const auto added = answer.headers.find("x-taxii-date-added-last");
  if (added != answer.headers.end()) page.last_added = added->second;
  const Json envelope = Json::parse(answer.body, nullptr, false);
  if (!envelope.is_object()) return fail("the server answered with something that is no envelope");
  page.next = text_at(envelope, "next");
  page.more = envelope.contains("more") && envelope["more"].is_boolean() && envelope["more"];
  if (!envelope.contains("objects") || !envelope["objects"].is_array()) return {};
  for (const Json& object : envelope["objects"]) {
    const std::string id = object.is_object() ? text_at(object, "id") : std::string();
    if (text_at(object.is_object() ? object : Json::object(), "type") != "indicator") continue;
    if (!fits_in_a_line(id) || id.size() > kLongestId) continue;
    page.ids.push_back(hash_of(id));
    if (object.contains("revoked") && object["revoked"] == true) continue;
    for (const std::string& value : detect::values_of_stix_pattern(text_at(object, "pattern"))) {
      if (fits_in_a_line(value)) page.lines.push_back(fmt::format("{},{}", value, id));
    }
  }
  return {};
}

Result<TaxiiClient::Refreshed> TaxiiClient::refresh() {
  Update update{{}, list_path_ + ".fresh", {}};
  std::ifstream state(state_path_);
  std::getline(state, update.added_after);
  std::ofstream fresh(update.fresh_path, std::ios::trunc);
  Refreshed refreshed;
  std::string next;
  std::string begin = update.added_after;
  for (bool more = true; more;) {
    if (refreshed.pages >= kPages || update.ids.size() >= kObjects)
      return fail("the collection has more than this client takes");
    const auto page = fetch(begin, next);
    if (!page.ok()) return tl::unexpected<Error>(page.error());
    ++refreshed.pages;
    for (const std::string& line : page->lines) fresh << line << '\n';
    update.ids.insert(update.ids.end(), page->ids.begin(), page->ids.end());
    if (!page->last_added.empty()) update.added_after = page->last_added;
    more = page->more;
    // Where the server names no next page, the date leads on (TAXII 2.1, 3.4).
    if (more && page->next.empty() && (page->last_added.empty() || page->last_added == begin))
      return fail("the server says that there is more, but not where");
    if (page->next.empty()) begin = page->last_added;
    next = page->next;
  }
  fresh.close();
  if (!fresh) return fail(fmt::format("cannot write '{}'", update.fresh_path));
  refreshed.objects = update.ids.size();
  if (Status merged = merge(update); !merged.ok()) return tl::unexpected<Error>(merged.error());
  return refreshed;
}

// The old list without what the refresh brought anew or revoked, then what is new.
Status TaxiiClient::merge(const Update& update) const {
  std::vector<uint64_t> ids = update.ids;
  std::sort(ids.begin(), ids.end());
  const std::string next_path = list_path_ + ".next";
  std::ofstream merged(next_path, std::ios::trunc);
  std::ifstream old(list_path_);
  std::string line;
  while (std::getline(old, line)) {
    if (!std::binary_search(ids.begin(), ids.end(), hash_of(id_of_line(line))))
      merged << line << '\n';
  }
  std::ifstream fresh(update.fresh_path);
  while (std::getline(fresh, line)) merged << line << '\n';
  merged.close();
  if (!merged) return fail(fmt::format("cannot write '{}'", next_path));
  if (std::rename(next_path.c_str(), list_path_.c_str()) != 0)
    return fail_errno(fmt::format("cannot replace '{}'", list_path_), errno);
  std::remove(update.fresh_path.c_str());
  return sink::replace_file(state_path_, update.added_after + "\n");
}

}  // namespace sonde::app
