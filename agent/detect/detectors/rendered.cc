// exfiltration.rendered: an answer whose image or link would carry the conversation's data to a
// foreign host as soon as it is shown (images) or followed (links).
#include <algorithm>
#include <array>
#include <string>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/encoding.h"
#include "agent/detect/provenance/arguments.h"
#include "agent/detect/provenance/tokens.h"

namespace sonde::detect {

namespace {

constexpr size_t kUrlsPerText = 256;
constexpr size_t kMostBytes = 1 << 20;
constexpr size_t kLongestUrl = 4096;

// Services that draw what the address says; nobody reads their logs for a stranger.
bool draws_pictures(std::string_view host) {
  constexpr auto kHosts = std::to_array<std::string_view>(
      {"quickchart.io", "image-charts.com", "img.shields.io", "placehold.co", "via.placeholder.com",
       "dummyimage.com", "latex.codecogs.com", "mermaid.ink", "image.pollinations.ai",
       "chart.googleapis.com", "source.unsplash.com", "maps.googleapis.com", "math.vercel.app",
       "api.qrserver.com", "kroki.io"});
  return std::find(kHosts.begin(), kHosts.end(), host) != kHosts.end();
}

class RenderedDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      const Text& text = subject.texts[i];
      if (text.output && text.kind == TextKind::kMessage) scan(subject, i, hits);
    }
  }

 private:
  struct Url {
    size_t start;
    size_t end;
    bool image;
  };

  static void scan(const Subject& subject, size_t index, std::vector<Hit>& hits) {
    const std::string_view text = subject.texts[index].text;
    size_t found = 0;
    for (size_t at = text.find("://"); at != text.npos && found < kUrlsPerText;
         at = text.find("://", at + 3), ++found) {
      const Url url = url_around(text, at);
      if (url.end > url.start) judge(subject, index, url, hits);
    }
  }

  // The URL whose "://" stands at `at`; an image by what stands before it: `![alt](`, `src="`.
  static Url url_around(std::string_view text, size_t at) {
    size_t start = at;
    while (start > 0 && at - start < 8 && (text[start - 1] | 0x20) >= 'a' &&
           (text[start - 1] | 0x20) <= 'z') {
      --start;
    }
    size_t end = at;
    while (end < text.size() && end - start < kLongestUrl &&
           static_cast<uint8_t>(text[end]) > ' ' &&
           std::string_view("\"'<>)]`").find(text[end]) == std::string_view::npos) {
      ++end;
    }
    const std::string_view before =
        text.substr(start > 200 ? start - 200 : 0, std::min<size_t>(start, 200));
    const size_t mark = before.rfind("](");
    bool image = false;
    if (mark != before.npos && before.size() - mark <= 4) {
      const size_t open = before.rfind('[', mark);
      image = open != before.npos && open > 0 && before[open - 1] == '!';
    }
    const size_t source = before.rfind("src=");
    image = image || (source != before.npos && before.size() - source <= 6);
    const size_t css = before.rfind("url(");
    image = image || (css != before.npos && before.size() - css <= 6);
    return {start, end, image};
  }

  static void judge(const Subject& subject, size_t index, const Url& url, std::vector<Hit>& hits) {
    const std::string_view text = subject.texts[index].text;
    const std::string_view address = text.substr(url.start, url.end - url.start);
    const std::string_view host = host_of_url(address);
    if (host.empty() || draws_pictures(host) || (address[0] | 0x20) != 'h') return;  // http, https
    const size_t path = address.find_first_of("/?#", address.find("://") + 3);
    if (path == address.npos) return;
    const std::string_view rest = address.substr(path + 1);
    const std::string reason = data_in(subject, index, url, address, host, rest);
    if (reason.empty()) return;
    Hit hit{.alert = "exfiltration.rendered",
            .detector = "rendered",
            .score = url.image ? 0.95 : 0.8,
            .subtype = url.image ? "image" : "link",
            .text = index,
            .start = url.start,
            .end = url.end};
    hit.data["domain"] = host;
    hit.data["reason"] = reason;
    if (!url.image) hit.severity = Severity::kMedium;
    hits.push_back(std::move(hit));
  }

  // What of the conversation the address carries; empty: nothing. An address that stood in the
  // conversation as a whole was only passed on.
  static std::string data_in(const Subject& subject, size_t index, const Url& url,
                             std::string_view address, std::string_view host,
                             std::string_view rest) {
    for (size_t i = 0; i < index; ++i) {
      if (subject.texts[i].text.find(address) != std::string_view::npos) return "";
      if (subject.texts[i].zone != llm::Zone::kTool &&
          subject.texts[i].text.find(host) != std::string_view::npos) {
        return "";  // the application's own host, or one that the user named
      }
    }
    for (const Secret& secret : subject.secrets[index]) {
      const bool inside = secret.start > url.start && secret.end <= url.end;
      if (inside && said_before(subject, index, secret.value)) return "secret";
    }
    std::string plain = decode_percent(rest);
    std::replace(plain.begin(), plain.end(), '+', ' ');
    for (const EncodedRun& run : find_encoded_runs(rest)) {
      if (run.encoding != "percent") plain += " " + run.decoded;
    }
    return shared_with(subject, index, plain, url.image);
  }

  static bool said_before(const Subject& subject, size_t index, std::string_view value) {
    for (size_t i = 0; i < index; ++i) {
      if (subject.texts[i].text.find(value) != std::string_view::npos) return true;
    }
    return false;
  }

  static std::string shared_with(const Subject& subject, size_t index, const std::string& plain,
                                 bool image) {
    Tokens said;
    for (size_t i = 0; i < index; ++i) {
      if (said.joined().size() > kMostBytes) break;
      if (subject.texts[i].kind != TextKind::kToolDefinition)
        said.append(subject.texts[i].text, true);
    }
    Tokens words;
    words.append(plain, false);
    size_t shared = 0;
    size_t longest = 0;
    size_t run = 0;
    bool identifier = false;
    for (size_t i = 0; i < words.size(); ++i) {
      const std::string_view word = words.word(i);
      const bool known = word.size() >= 2 && said.contains(word);
      run = known ? run + 1 : 0;
      longest = std::max(longest, run);
      shared += known && word.size() >= 4 ? 1 : 0;
      const auto digits =
          std::count_if(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
      identifier = identifier || (known && digits >= 6);
    }
    const size_t at = plain.find('@');
    const bool mail = at != std::string::npos && at > 0;
    if (identifier && image) return "identifier";
    if (mail && (image || shared >= 2)) return "email";
    if (longest >= (image ? 3U : 8U) && shared >= (image ? 2U : 5U)) return "text";
    return "";
  }
};

}  // namespace

std::unique_ptr<Detector> make_rendered_detector() { return std::make_unique<RenderedDetector>(); }

}  // namespace sonde::detect
