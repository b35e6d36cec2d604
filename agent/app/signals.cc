#include "agent/app/signals.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

namespace sonde::app {
namespace {

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

void block_signals() {
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

std::optional<Signal> wait_for_signal(std::chrono::milliseconds wait) {
  const sigset_t set = handled_signals();
  const timespec timeout{wait.count() / 1000, (wait.count() % 1000) * 1'000'000};
  const int signal = sigtimedwait(&set, nullptr, &timeout);
  if (signal < 0) return std::nullopt;
  return signal == SIGHUP ? Signal::kReload : Signal::kStop;
}

}  // namespace sonde::app
