// Domains that imitate another one: look-alike characters (Unicode Technical Standard 39, also
// behind punycode), one wrong letter, the brand with a lure ("openai-login.com"), the whole name in
// front of a foreign domain ("api.openai.com.evil.example").
//
// Not thread-safe: it learns hosts.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::detect {

struct LookAlike {
  std::string brand;           // the domain that is imitated
  std::string_view technique;  // static: homograph, typo, lure, embedded
  double score = 0;
};

class LookAlikes {
 public:
  static constexpr size_t kBrands = 1024;

  // `brands` are domains. With `providers` those of language models and of what agents use most are
  // known as well.
  LookAlikes(const std::vector<std::string>& brands, bool providers);
  LookAlikes(LookAlikes&&) noexcept;
  LookAlikes& operator=(LookAlikes&&) noexcept;
  ~LookAlikes();

  // One more domain to protect, by any of its hosts; addresses and names without a dot are not
  // kept.
  void add(std::string_view host);

  size_t size() const { return brands_.size(); }

  // `host` in lower case, UTF-8 or punycode. `link`: it stood in a URL, and not in a word that may
  // be the name of a file.
  std::optional<LookAlike> match(std::string_view host, bool link) const;

 private:
  struct Brand {
    std::string domain;  // registrable: "openai.com"
    std::string label;   // "openai"
    std::string skeleton;
  };
  class Skeletons;

  std::optional<LookAlike> compare(const Brand& brand, std::string_view host,
                                   std::string_view domain, std::string_view label,
                                   bool link) const;

  std::unique_ptr<Skeletons> skeletons_;
  std::vector<Brand> brands_;
  std::set<std::string, std::less<>> domains_;  // of the brands
};

}  // namespace sonde::detect
