#include "agent/app/baseline_keeper.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>

#include "agent/sink/file.h"

namespace sonde::app {

Status BaselineKeeper::load(Judge& judge) const {
  const auto file = sink::File::open(path_, O_RDONLY);
  if (!file.ok()) {
    if (file.error().code == ENOENT) return {};
    return tl::unexpected<Error>(file.error());
  }
  const auto size = file->size();
  if (!size.ok()) return tl::unexpected<Error>(size.error());
  const auto text = file->read(0, *size);
  if (!text.ok()) return tl::unexpected<Error>(text.error());
  if (Status restored = judge.restore_baselines(*text); !restored.ok()) {
    return fail(fmt::format("'{}': {}", path_, restored.error().message));
  }
  return {};
}

void BaselineKeeper::offer(const Judge& judge, std::chrono::steady_clock::time_point now) {
  if (next_ == std::chrono::steady_clock::time_point{}) next_ = now + kInterval;
  if (now < next_) return;
  next_ = now + kInterval;
  take(judge);
}

void BaselineKeeper::take(const Judge& judge) {
  std::string copy = judge.baselines();
  const std::lock_guard lock(mutex_);
  copy_ = std::move(copy);
}

Status BaselineKeeper::write() {
  std::string copy;
  {
    const std::lock_guard lock(mutex_);
    copy.swap(copy_);
  }
  return copy.empty() ? Status() : sink::replace_file(path_, copy);
}

}  // namespace sonde::app
