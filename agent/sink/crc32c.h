// CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), the checksum of spool entries.
#pragma once

#include <cstdint>

#include "agent/base/bytes.h"

namespace sonde::sink {

uint32_t crc32c(Bytes bytes, uint32_t previous = 0);

}  // namespace sonde::sink
