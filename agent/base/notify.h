// sd_notify(3) without libsystemd: one datagram to the socket that systemd names.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace sonde {

// "READY=1", "WATCHDOG=1"... Does nothing where NOTIFY_SOCKET is not set.
void notify_systemd(std::string_view state);

// Half of what systemd allows between two WATCHDOG=1; nullopt without a watchdog.
std::optional<std::chrono::milliseconds> watchdog_interval();

}  // namespace sonde
