// One entry of `exports` in the configuration: a target, and what of the store goes there.
#pragma once

#include "agent/egress/target_config.h"
#include "collector/store/alert.h"

namespace sonde::exporting {

struct ExportConfig {
  egress::TargetConfig target;
  store::Severity min_severity = store::Severity::kUnknown;
  bool alerts = true;
  bool incidents = true;
  bool suppressed = false;  // suppressed alerts too
  bool from_now = false;    // leave out what was stored before the export was configured
  std::string place;        // FILE:LINE:COLUMN of the configuration that it was read from

  const std::string& name() const { return target.name; }  // its cursor is kept under it
};

}  // namespace sonde::exporting
