#include "agent/detect/indicators.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>

#include <arpa/inet.h>

#include "agent/detect/indicators_json.h"

namespace sonde::detect {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

uint64_t hash(IndicatorKind kind, std::string_view value) {
  uint64_t h = 0xCBF29CE484222325ULL + static_cast<uint64_t>(kind) * 0x9E3779B97F4A7C15ULL;
  for (const char c : value) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001B3ULL;
  h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93ULL;  // the last bytes reach every bit
  h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93ULL;
  return h ^ (h >> 32);
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// hxxp://evil[.]example, evil(dot)example, evil[:]//: the ways analysts write what must not be
// clicked.
std::string refang(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kMarks = {
      {{"[.]", "."},
       {"(.)", "."},
       {"{.}", "."},
       {"[dot]", "."},
       {"(dot)", "."},
       {"[:]", ":"},
       {"[://]", "://"},
       {"[/]", "/"},
       {"\\.", "."},
       {"[at]", "@"}}};
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto mark = std::find_if(kMarks.begin(), kMarks.end(), [&](const auto& entry) {
      return text.compare(i, entry.first.size(), entry.first) == 0;
    });
    if (mark != kMarks.end()) {
      out.append(mark->second);
      i += mark->first.size();
    } else {
      out.push_back(text[i++]);
    }
  }
  return out;
}

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Removes user info and port; an IPv6 literal loses its brackets.
bool trim_host(std::string& host) {
  if (const size_t at = host.rfind('@'); at != host.npos) host.erase(0, at + 1);
  if (!host.empty() && host.front() == '[') {
    const size_t close = host.find(']');
    if (close == host.npos) return false;
    host = host.substr(1, close - 1);
    return is_address(host);
  }
  if (const size_t colon = host.find(':'); colon != host.npos) {
    if (host.find(':', colon + 1) != host.npos) return is_address(host);
    host.erase(colon);
  }
  while (!host.empty() && host.back() == '.') host.pop_back();
  return host.size() >= 4 && host.size() <= 253 && host.find('.') != host.npos &&
         host.front() != '.' && std::all_of(host.begin(), host.end(), is_host_char);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '"')) {
    text.remove_prefix(1);
  }
  while (!text.empty() &&
         (text.back() == ' ' || text.back() == '\t' || text.back() == '"' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

std::string_view to_string(IndicatorKind kind) {
  switch (kind) {
    case IndicatorKind::kUrl:
      return "url";
    case IndicatorKind::kDomain:
      return "domain";
    case IndicatorKind::kAddress:
      return "ip";
  }
  return "url";
}

std::optional<Address> parse_address(std::string_view text) {
  std::string plain = refang(text);
  if (const size_t scheme = plain.find("://"); scheme != plain.npos && scheme <= 12) {
    plain.erase(0, scheme + 3);
  }
  if (const size_t fragment = plain.find('#'); fragment != plain.npos) plain.erase(fragment);
  const size_t end = std::min(plain.find_first_of("/?\\"), plain.size());
  Address address{plain.substr(0, end), plain.substr(end)};
  std::transform(address.host.begin(), address.host.end(), address.host.begin(), lower);
  if (!trim_host(address.host)) return std::nullopt;
  if (!address.rest.empty() && address.rest.front() == '?') address.rest.insert(0, "/");
  if (address.rest == "/") address.rest.clear();
  return address;
}

Status IndicatorSet::load_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail_errno("cannot open the indicator list '" + path + "'", errno);
  const int first = (file >> std::ws).peek();
  if (first == '{' || first == '[') {
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (Status status = add_json_indicators(text, *this); !status.ok()) {
      return fail("indicator list '" + path + "': " + status.error().message);
    }
    return {};
  }
  std::string line;
  while (std::getline(file, line) && hashes_.size() < kMost) add_line(line);
  if (file.bad()) return fail_errno("cannot read the indicator list '" + path + "'", errno);
  return {};
}

void IndicatorSet::add_line(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t");
  if (first != line.npos && line[first] == '"') return add_quoted(line);
  line = trim(line);
  if (line.empty() || line.front() == '#' || hashes_.size() >= kMost) return;
  const bool is_url = line.find("://") != line.npos || line.find("[:]//") != line.npos;
  const size_t field_end = line.find_first_of(is_url ? ",; \t" : ",; \t#");
  const std::string_view value = trim(line.substr(0, field_end));
  // Hosts files: "0.0.0.0 evil.example".
  if ((value == "0.0.0.0" || value == "127.0.0.1") && field_end != line.npos) {
    add_line(line.substr(field_end + 1));
    return;
  }
  if (value.size() > 2 && value.substr(0, 2) == "*.") {
    add_line(value.substr(2));
    return;
  }
  const auto address = parse_address(value);
  if (!address) return;
  if (!address->rest.empty()) {
    insert(IndicatorKind::kUrl, address->host + address->rest);
  } else {
    insert(is_address(address->host) ? IndicatorKind::kAddress : IndicatorKind::kDomain,
           address->host);
  }
}

// CSV as feeds export it: the first quoted field that is a URL, else the first field.
void IndicatorSet::add_quoted(std::string_view line) {
  std::string_view first;
  for (size_t open = 0; open != line.npos && open + 1 < line.size();) {
    const size_t close = line.find('"', open + 1);
    if (close == line.npos) break;
    const std::string_view field = line.substr(open + 1, close - open - 1);
    if (field.find("://") != field.npos) return add_line(field);
    if (first.empty()) first = field;
    open = line.find('"', close + 1);
  }
  if (!first.empty() && first.front() != '"') add_line(first);
}

void IndicatorSet::insert(IndicatorKind kind, std::string_view value) {
  hashes_.push_back(hash(kind, value));
}

void IndicatorSet::seal() {
  std::sort(hashes_.begin(), hashes_.end());
  hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
  hashes_.shrink_to_fit();
}

bool IndicatorSet::has(IndicatorKind kind, std::string_view value) const {
  return std::binary_search(hashes_.begin(), hashes_.end(), hash(kind, value));
}

std::optional<IndicatorMatch> IndicatorSet::match(const Address& address) const {
  if (!address.rest.empty()) {
    const std::string url = address.host + address.rest;
    if (has(IndicatorKind::kUrl, url)) return IndicatorMatch{IndicatorKind::kUrl, url};
    const std::string path = url.substr(0, url.find('?'));
    if (has(IndicatorKind::kUrl, path)) return IndicatorMatch{IndicatorKind::kUrl, path};
  }
  if (is_address(address.host)) {
    if (!has(IndicatorKind::kAddress, address.host)) return std::nullopt;
    return IndicatorMatch{IndicatorKind::kAddress, address.host};
  }
  for (std::string_view domain = address.host; domain.find('.') != domain.npos;
       domain.remove_prefix(domain.find('.') + 1)) {
    if (has(IndicatorKind::kDomain, domain)) {
      return IndicatorMatch{IndicatorKind::kDomain, std::string(domain)};
    }
  }
  return std::nullopt;
}

}  // namespace sonde::detect
