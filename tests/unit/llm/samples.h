// The samples beside this file: for each API a request, its answer, and the same answer streamed.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/llm/harness.h"

namespace sonde::llm::test {

struct Sample {
  std::string name;
  Script whole;     // answered at once
  Script streamed;  // answered with events
};

// All samples, sorted by name. Amazon's event streams are written as a line of {"name", "data"} per
// message and framed here.
std::vector<Sample> load_samples();
const Sample& sample(const std::string& name);

// Amazon's framing of one message (event_stream.h).
std::string event_stream_message(std::string_view type, std::string_view payload);

std::string read_text_file(const std::string& path);
std::string samples_folder();

// All that an exchange holds, a line each: to compare and to keep as golden text.
std::string describe(const Exchange& exchange);

}  // namespace sonde::llm::test
