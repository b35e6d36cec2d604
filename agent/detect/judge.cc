#include "agent/detect/judge.h"

#include <algorithm>
#include <array>
#include <string>

#include <openssl/evp.h>

namespace sonde::detect {

namespace {

// Shorter texts are judged in less time than a digest takes.
constexpr size_t kLeastRemembered = 256;

// A text cannot be made to share another one's verdict: the digest is cryptographic.
std::string digest_of(std::string_view text, std::string_view context, bool document) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_MD_CTX* hash = EVP_MD_CTX_new();
  if (hash == nullptr) return {};
  const std::array<char, 2> head = {document ? 'd' : 'p', 0};
  const std::string length = std::to_string(context.size());
  EVP_DigestInit_ex(hash, EVP_sha256(), nullptr);
  EVP_DigestUpdate(hash, head.data(), head.size());
  EVP_DigestUpdate(hash, length.data(), length.size() + 1);
  EVP_DigestUpdate(hash, context.data(), context.size());
  EVP_DigestUpdate(hash, text.data(), text.size());
  EVP_DigestFinal_ex(hash, digest.data(), &size);
  EVP_MD_CTX_free(hash);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace

std::vector<AttackScore> Judge::scores_of(std::span<const Text> texts) {
  const auto system = std::find_if(
      texts.begin(), texts.end(), [](const Text& text) { return text.zone == llm::Zone::kSystem; });
  ModelContext context;
  if (system != texts.end()) context.system_prompt = system->text;
  std::vector<AttackScore> scores;
  scores.reserve(texts.size());
  for (const Text& text : texts) {
    const bool document = text.zone == llm::Zone::kTool || text.kind == TextKind::kToolDefinition;
    const bool judged = document || text.zone == llm::Zone::kUser;
    scores.push_back(judged ? score(text, document ? ModelContext{} : context, document)
                            : AttackScore{});
  }
  return scores;
}

AttackScore Judge::score(const Text& text, const ModelContext& context, bool document) {
  const auto ask = [&] {
    return document ? model_.score_document(text.text, context, scratch_)
                    : model_.score_prompt(text.text, context, scratch_);
  };
  if (text.text.size() < kLeastRemembered) return ask();
  const std::string digest = digest_of(text.text, context.system_prompt, document);
  if (digest.empty()) return ask();
  if (const AttackScore* known = known_.find(digest)) return *known;
  return known_[digest] = ask();
}

}  // namespace sonde::detect
