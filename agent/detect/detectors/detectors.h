// One factory for each detector; the engine owns what they return.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/base/limits.h"
#include "agent/base/result.h"
#include "agent/detect/detector.h"
#include "agent/detect/policy.h"

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
std::unique_ptr<Detector> make_spreading_detector();
std::unique_ptr<Detector> make_rendered_detector();
std::unique_ptr<Detector> make_usage_detector();
std::unique_ptr<Detector> make_tool_changes_detector();
// Lists of addresses, one a line, read now.
Result<std::unique_ptr<Detector>> make_access_detector(const std::vector<std::string>& tor_exits,
                                                       const std::vector<std::string>& suspicious,
                                                       const Policy& policy);
// Reads the lists now; an unreadable one is an error.
Result<std::unique_ptr<Detector>> make_malicious_url_detector(std::span<const std::string> files);

}  // namespace sonde::detect
