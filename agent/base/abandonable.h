// Calls that block for as long as they like and cannot be interrupted, such as getaddrinfo(3)
// beside a name server that is silent: they run in a thread of their own, which whoever waited may
// leave.
#pragma once

#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <utility>

namespace sonde {

// What `work` answers; nullopt once `give_up` holds (asked every 50 ms). The thread then ends by
// itself: `work` owns all that it uses. It must not throw.
template <typename Work, typename GiveUp>
auto wait_unless(GiveUp give_up, Work work) -> std::optional<decltype(work())> {
  std::packaged_task<decltype(work())()> task(std::move(work));
  auto answer = task.get_future();
  std::thread(std::move(task)).detach();
  while (answer.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
    if (give_up()) return std::nullopt;
  }
  return answer.get();
}

}  // namespace sonde
