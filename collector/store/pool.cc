#include "collector/store/pool.h"

#include <utility>

#include "collector/store/migrations.h"

namespace sonde::store {

Lease::~Lease() {
  if (connection_) pool_->give_back(writer_, std::move(connection_));
}

Result<std::unique_ptr<Pool>> Pool::open(const std::string& url, size_t connections) {
  auto first = sql::connect(url);
  if (!first.ok()) return tl::unexpected<Error>(first.error());
  if (const Status migrated = migrate(**first); !migrated.ok()) {
    return tl::unexpected<Error>(migrated.error());
  }
  std::unique_ptr<Pool> pool(new Pool(url));
  pool->dialect_ = (*first)->dialect();
  pool->idle(true).push_back(std::move(*first));
  for (size_t i = 0; i < connections; ++i) {
    auto next = sql::connect(url);
    if (!next.ok()) return tl::unexpected<Error>(next.error());
    pool->idle_.push_back(std::move(*next));
  }
  return pool;
}

Result<Lease> Pool::lease(bool writer) {
  std::unique_ptr<sql::Connection> connection;
  {
    std::unique_lock lock(mutex_);
    auto& free = idle(writer);
    if (!returned_.wait_for(lock, kLeaseTimeout, [&] { return !free.empty(); })) {
      return fail("the store is busy", sql::kBusy);
    }
    connection = std::move(free.back());
    free.pop_back();
  }
  if (!connection) {
    auto opened = sql::connect(url_);
    if (!opened.ok()) {
      give_back(writer, nullptr);
      return tl::unexpected<Error>(opened.error());
    }
    connection = std::move(*opened);
  }
  return Lease(*this, writer, std::move(connection));
}

void Pool::give_back(bool writer, std::unique_ptr<sql::Connection> connection) {
  if (connection && !connection->alive()) connection.reset();
  {
    const std::lock_guard lock(mutex_);
    idle(writer).push_back(std::move(connection));
  }
  // Readers and writers wait on the same condition: one notification could wake the wrong kind.
  returned_.notify_all();
}

}  // namespace sonde::store
