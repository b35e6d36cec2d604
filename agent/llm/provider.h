// Names of providers as OpenTelemetry GenAI writes them (gen_ai.provider.name).
#pragma once

#include <string_view>

namespace sonde::llm {

// Provider by the host's name (no port), empty if the host is not a known one.
std::string_view provider_of_host(std::string_view host);

// "api.openai.com:443" -> "api.openai.com"; "[::1]:8000" -> "::1".
std::string_view without_port(std::string_view authority);

}  // namespace sonde::llm
