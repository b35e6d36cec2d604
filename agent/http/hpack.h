// Header compression of HTTP/2 (RFC 7541) over nghttp2's decoder, for one direction.
//
// A decoder that missed earlier header blocks does not know its peer's dynamic table. Its table is
// then filled with placeholders: a reference to an entry never heard gives a field with the name
// kOpaqueName instead of an error, and entries heard since stand at their right places.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "agent/base/bytes.h"
#include "agent/base/limits.h"
#include "agent/http/message.h"

struct nghttp2_hd_inflater;

namespace sonde::http {

// The fields of one header block, held to Limits::header_bytes and header_fields.
struct HeaderBlock {
  std::vector<Field> fields;
  size_t bytes = 0;
  bool too_big = false;  // fields were left out
};

class HpackDecoder {
 public:
  // `limits` is borrowed. `joined_late`: earlier header blocks were not heard.
  HpackDecoder(const Limits& limits, bool joined_late);

  // Decodes the next part of a header block and appends its fields; `last`: the block ends here.
  // False: the block cannot be decoded; the table is unknown from here on, as after forget().
  bool decode(Bytes part, bool last, HeaderBlock& block);
  // Header blocks were lost: every entry known so far may stand at another place.
  void forget();

 private:
  struct Delete {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };
  void make();
  bool inflate(Bytes part, bool last, HeaderBlock* block);

  const Limits* limits_;
  size_t placeholders_;  // to fill a new table with
  std::unique_ptr<nghttp2_hd_inflater, Delete> inflater_;
};

// What a header block begins: told from its first fields without decoding them, for connections
// whose sides are not known yet.
enum class BlockKind : uint8_t { kUnknown, kRequest, kResponse };
BlockKind guess_block_kind(Bytes block);

}  // namespace sonde::http
