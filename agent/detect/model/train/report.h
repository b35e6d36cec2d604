// Tables of what a model scored: recall of each attack group at fixed false positive rates, and
// false positives of each benign group.
#pragma once

#include <string>
#include <vector>

#include "agent/detect/model/train/dataset.h"

namespace sonde::detect::model {

// A judged text: which group it came from and what it scored. `set` where benign counts as ordinary
// (thresholds are taken from these) or as a hard negative (group name begins with "hard").
struct Judged {
  uint32_t sample = 0;
  float score = 0;
};

// The score that `rate` of the benign texts reach, each group weighing the same.
float threshold_at(const Dataset& data, const std::vector<Judged>& judged, size_t head, double rate,
                   bool hard);

void print_report(const Dataset& data, const std::vector<Judged>& judged, size_t head,
                  float shipped);

// The texts nearest to the wrong side, for the study of errors.
void print_errors(const Dataset& data, const std::vector<Judged>& judged, size_t head,
                  float threshold, size_t most, const std::string& only);

}  // namespace sonde::detect::model
