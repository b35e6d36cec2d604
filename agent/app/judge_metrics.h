// Remote judges as metrics.
#pragma once

#include <span>
#include <vector>

#include "agent/app/remote/remote_judges.h"
#include "agent/app/service/metrics.h"

namespace sonde::app {

// sonde_judge_{waiting,up}{judge="..."}, sonde_judge_{requests,attacks,remembered,texts_cut,
// failed}_total{judge="..."} and sonde_judge_dropped_total{judge="...",reason="..."}.
std::vector<Metric> judge_metrics(std::span<const RemoteJudges::State> judges);

}  // namespace sonde::app
