// Batches to the collector: POST /api/v1/ingest, and what its answer means for each record.
#pragma once

#include <memory>
#include <string>

#include "agent/sink/carrier.h"
#include "agent/sink/transport.h"

namespace sonde::sink {

class CollectorCarrier final : public Carrier {
 public:
  explicit CollectorCarrier(std::unique_ptr<Transport> transport)
      : transport_(std::move(transport)) {}

  // Delivered only if the collector answered for each line.
  Carried carry(std::span<const Record> records) override;
  void cancel() override { transport_->cancel(); }

 private:
  const std::unique_ptr<Transport> transport_;
  std::string body_;  // kept for its memory
};

}  // namespace sonde::sink
