// One factory for each detector; the engine owns what they return.
#pragma once

#include <memory>

#include "agent/detect/detector.h"

namespace sonde::detect {

std::unique_ptr<Detector> make_prompt_attack_detector();
std::unique_ptr<Detector> make_provider_verdict_detector();
std::unique_ptr<Detector> make_smuggling_detector();
std::unique_ptr<Detector> make_credential_detector();
std::unique_ptr<Detector> make_sensitive_data_detector();
std::unique_ptr<Detector> make_dangerous_command_detector();
std::unique_ptr<Detector> make_reconnaissance_detector();
std::unique_ptr<Detector> make_tool_poisoning_detector();
std::unique_ptr<Detector> make_prompt_leak_detector();
std::unique_ptr<Detector> make_canary_detector();
std::unique_ptr<Detector> make_spreading_detector();
std::unique_ptr<Detector> make_rendered_detector();
std::unique_ptr<Detector> make_usage_detector();
std::unique_ptr<Detector> make_tool_changes_detector();
std::unique_ptr<Detector> make_access_detector();
std::unique_ptr<Detector> make_malicious_url_detector();

}  // namespace sonde::detect
