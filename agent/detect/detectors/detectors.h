// One factory for each detector; the engine owns what they return.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "agent/base/limits.h"
#include "agent/base/result.h"
#include "agent/detect/detector.h"

namespace sonde::detect {

std::unique_ptr<Detector> make_prompt_attack_detector();
std::unique_ptr<Detector> make_provider_verdict_detector();
std::unique_ptr<Detector> make_smuggling_detector();
std::unique_ptr<Detector> make_credential_detector();
std::unique_ptr<Detector> make_tainted_call_detector();
std::unique_ptr<Detector> make_sensitive_data_detector();
// Reads the lists now; an unreadable one is an error.
Result<std::unique_ptr<Detector>> make_malicious_url_detector(std::span<const std::string> files);

}  // namespace sonde::detect
