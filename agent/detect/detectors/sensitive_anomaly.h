// sensitive_data.anomaly: personal data in an application's answers against what is usual for it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/detect/detector.h"

namespace sonde::detect {

// Data of one type in one answer, and where the last of it stands.
struct SensitiveCount {
  size_t values = 0;
  size_t text = 0;
  size_t start = 0;
  size_t end = 0;
};
using SensitiveCounts = std::map<std::string, SensitiveCount>;

// Appends a hit for a type that this application never answered with (after 200 answers over a
// day), or that comes in far higher numbers than usual in this hour; learns from the answer.
void judge_sensitive_answers(const Subject& subject, const SensitiveCounts& counts,
                             std::vector<Hit>& hits);

}  // namespace sonde::detect
