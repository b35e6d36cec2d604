// The finders of agent/detect on any bytes: spans stay inside the text and in order.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/detect/encoding.h"
#include "agent/detect/indicators.h"
#include "agent/detect/personal_data.h"
#include "agent/detect/provenance/arguments.h"
#include "agent/detect/provenance/orders.h"
#include "agent/detect/provenance/taint.h"
#include "agent/detect/smuggling.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sonde::detect;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  size_t last = 0;
  for (const PersonalData& item : find_personal_data(text)) {
    require(item.start >= last && item.start < item.end && item.end <= size);
    last = item.end;
  }
  for (const auto& run : find_encoded_runs(text)) require(run.start < run.end && run.end <= size);
  for (const auto& hidden : find_smuggled_text(text)) {
    require(hidden.start <= hidden.end && hidden.end <= size);
  }
  last = 0;
  for (const Order& order : find_orders(text, {0.9, size / 3, size / 2})) {
    require(order.start >= last && order.start < order.end && order.end <= size);
    last = order.end;
  }
  require(read_arguments(text).size() <= kArgumentsPerCall);
  parse_address(text);
  TaintTracker tracker;
  tracker.add_user(text.substr(0, size / 4));
  tracker.add_untrusted(text, 0, {});
  const Taint taint = tracker.judge("send_email", text.substr(size / 2));
  require(taint.order.size() <= size);
  return 0;
}
