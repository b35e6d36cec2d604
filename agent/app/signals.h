// SIGINT and SIGTERM as a thing to wait for. Block them first, before any thread starts.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace sonde::app {

// From now on these signals reach wait_for_signal() only. Call before the first thread starts.
void block_signals();

enum class Signal : uint8_t { kStop, kReload };

// Waits at most `wait` for SIGINT, SIGTERM (kStop) or SIGHUP (kReload).
std::optional<Signal> wait_for_signal(std::chrono::milliseconds wait);

}  // namespace sonde::app
