#include "agent/detect/lookalikes.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <idn2.h>
#include <libpsl.h>
#include <unicode/uspoof.h>

namespace sonde::detect {

namespace {

// Providers of language models, and the services that agents are given keys for.
constexpr auto kProviders = std::to_array<std::string_view>(
    {"openai.com",         "chatgpt.com",    "anthropic.com",  "claude.ai",     "mistral.ai",
     "cohere.com",         "huggingface.co", "deepseek.com",   "perplexity.ai", "openrouter.ai",
     "together.ai",        "ollama.com",     "googleapis.com", "google.com",    "microsoft.com",
     "azure.com",          "amazonaws.com",  "github.com",     "gitlab.com",    "cloudflare.com",
     "replicate.com",      "fireworks.ai",   "langchain.com",  "llamaindex.ai", "slack.com",
     "microsoftonline.com"});

constexpr auto kLures = std::to_array<std::string_view>(
    {"login", "signin", "account", "accounts", "verify", "verification", "secure", "security",
     "support", "billing", "update", "auth", "sso", "reset", "password", "wallet", "unlock"});

// Content networks that carry a customer's whole name in front of their own.
constexpr auto kCarriers = std::to_array<std::string_view>(
    {".cloudflare.net", ".cloudfront.net", ".edgekey.net", ".akamaized.net", ".akamai.net",
     ".azureedge.net", ".trafficmanager.net", ".fastly.net", ".edgesuite.net"});

constexpr size_t kLongestLabel = 63;  // RFC 1035, 2.3.4
constexpr size_t kShortTypo = 6;      // shorter names have neighbours of their own
constexpr size_t kLongTypo = 7;

// "xn--..." as people see it; the host itself where it is none or cannot be decoded.
std::string shown(std::string_view host) {
  const std::string ascii(host);
  if (ascii.find("xn--") == std::string::npos) return ascii;
  char* decoded = nullptr;
  const int status = idn2_to_unicode_8z8z(ascii.c_str(), &decoded, 0);
  const std::unique_ptr<char, decltype(&std::free)> owner(decoded, &std::free);
  return status == IDN2_OK ? std::string(decoded) : ascii;
}

// What somebody can register: "api.openai.com" -> "openai.com". Empty: nothing.
std::string registrable(const std::string& host) {
  const char* domain = psl_registrable_domain(psl_builtin(), host.c_str());
  return domain == nullptr ? std::string() : std::string(domain);
}

std::string_view first_label(std::string_view domain) { return domain.substr(0, domain.find('.')); }
std::string_view suffix_of(std::string_view domain) {
  return domain.substr(std::min(domain.find('.'), domain.size()));
}

// Equal but for one letter that is missing, added, another one, or swapped with its neighbour
// (Damerau).
bool one_edit_apart(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  size_t i = 0;
  while (i < a.size() && a[i] == b[i]) ++i;
  if (a.size() != b.size()) return a.substr(i) == b.substr(i + 1);
  if (i == a.size()) return false;
  if (a.substr(i + 1) == b.substr(i + 1)) return true;
  return i + 1 < a.size() && a[i] == b[i + 1] && a[i + 1] == b[i] &&
         a.substr(i + 2) == b.substr(i + 2);
}

bool is_lure(std::string_view word) {
  return std::find(kLures.begin(), kLures.end(), word) != kLures.end();
}

// The brand and a lure, with or without hyphens.
bool has_lure(std::string_view label, std::string_view brand) {
  const size_t at = label.find(brand);
  if (at == label.npos || brand.size() < 5) return false;
  std::string rest(label.substr(0, at));
  rest += '-';
  rest += label.substr(at + brand.size());
  for (size_t start = 0; start < rest.size();) {
    const size_t end = std::min(rest.find('-', start), rest.size());
    if (is_lure(std::string_view(rest).substr(start, end - start))) return true;
    start = end + 1;
  }
  return false;
}

}  // namespace

// UTS 39, 4: two texts are confusable where their skeletons are equal. Case does not matter in
// hosts.
class LookAlikes::Skeletons {
 public:
  Skeletons() {
    UErrorCode status = U_ZERO_ERROR;
    checker_.reset(uspoof_open(&status));
  }

  // Empty where the library cannot say.
  std::string of(std::string_view label) const {
    if (!checker_ || label.empty()) return {};
    std::array<char, kLongestLabel * 16> skeleton{};
    UErrorCode status = U_ZERO_ERROR;
    const int32_t size =
        uspoof_getSkeletonUTF8(checker_.get(), 0, label.data(), static_cast<int32_t>(label.size()),
                               skeleton.data(), static_cast<int32_t>(skeleton.size()), &status);
    if (U_FAILURE(status) || size < 0 || static_cast<size_t>(size) > skeleton.size()) return {};
    std::string out(skeleton.data(), static_cast<size_t>(size));
    for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return out;
  }

 private:
  struct Close {
    void operator()(USpoofChecker* checker) const { uspoof_close(checker); }
  };
  std::unique_ptr<USpoofChecker, Close> checker_;
};

LookAlikes::LookAlikes(const std::vector<std::string>& brands, bool providers)
    : skeletons_(std::make_unique<Skeletons>()) {
  if (providers) {
    for (const std::string_view domain : kProviders) add(domain);
  }
  for (const std::string& domain : brands) add(domain);
}

LookAlikes::LookAlikes(LookAlikes&&) noexcept = default;
LookAlikes& LookAlikes::operator=(LookAlikes&&) noexcept = default;
LookAlikes::~LookAlikes() = default;

void LookAlikes::add(std::string_view host) {
  const bool name =
      std::any_of(host.begin(), host.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (!name || brands_.size() >= kBrands) return;
  const std::string domain = registrable(std::string(host));
  if (domain.empty() || !domains_.insert(domain).second) return;
  const std::string label(first_label(shown(domain)));
  brands_.push_back({domain, label, skeletons_->of(label)});
}

std::optional<LookAlike> LookAlikes::match(std::string_view host, bool link) const {
  constexpr size_t kLongestHost = 253;
  if (host.size() > kLongestHost || host.find('.') == host.npos) return std::nullopt;
  const std::string domain = registrable(std::string(host));
  if (domain.empty() || domains_.contains(domain)) return std::nullopt;
  const bool carried =
      std::any_of(kCarriers.begin(), kCarriers.end(),
                  [&](std::string_view carrier) { return host.ends_with(carrier); });
  if (carried) return std::nullopt;
  const std::string seen = shown(domain);
  const std::string_view label = first_label(seen);
  for (const Brand& brand : brands_) {
    if (auto found = compare(brand, host, domain, label, link)) return found;
  }
  return std::nullopt;
}

std::optional<LookAlike> LookAlikes::compare(const Brand& brand, std::string_view host,
                                             std::string_view domain, std::string_view label,
                                             bool link) const {
  const std::string inside = brand.domain + ".";
  const size_t at = host.find(inside);
  if (at != host.npos && (at == 0 || host[at - 1] == '.')) {
    return LookAlike{brand.domain, "embedded", 0.9};
  }
  // The same name under another suffix is somebody's own as often as not.
  if (label == brand.label) return std::nullopt;
  const bool close = label.size() <= 4 * brand.label.size();
  if (close && !brand.skeleton.empty() && skeletons_->of(label) == brand.skeleton) {
    return LookAlike{brand.domain, "homograph", 0.95};
  }
  const bool same_suffix = suffix_of(domain) == suffix_of(brand.domain);
  const bool near = brand.label.size() >= kLongTypo
                        ? same_suffix || link
                        : brand.label.size() >= kShortTypo && same_suffix;
  const bool plural = label.size() == brand.label.size() + 1 && label.back() == 's' &&
                      label.starts_with(brand.label);
  if (near && !plural && one_edit_apart(label, brand.label)) {
    return LookAlike{brand.domain, "typo", 0.7};
  }
  if (has_lure(label, brand.label)) return LookAlike{brand.domain, "lure", 0.8};
  return std::nullopt;
}

}  // namespace sonde::detect
