// ascii_smuggling: invisible text in any zone, shown decoded.
#include "agent/detect/smuggling.h"

#include "agent/detect/detectors/detectors.h"

namespace sonde::detect {

namespace {

class SmugglingDetector final : public Detector {
 public:
  bool judges_unfinished() const override { return true; }
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      for (SmuggledText& found : find_smuggled_text(subject.texts[i].text)) {
        Hit hit{.alert = "ascii_smuggling",
                .detector = "ascii_smuggling",
                .score = found.decoded.empty() ? 0.7 : 1.0,
                .subtype = std::string(found.technique),
                .text = i,
                .start = found.start,
                .end = found.end};
        hit.data["characters"] = std::to_string(found.characters);
        if (!found.decoded.empty()) hit.data["decoded"] = std::move(found.decoded);
        hits.push_back(std::move(hit));
      }
    }
  }
};

}  // namespace

std::unique_ptr<Detector> make_smuggling_detector() {
  return std::make_unique<SmugglingDetector>();
}

}  // namespace sonde::detect
