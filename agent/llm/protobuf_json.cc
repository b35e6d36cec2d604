#include "agent/llm/protobuf_json.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include <openssl/evp.h>

namespace sonde::llm {
namespace {

// https://protobuf.dev/programming-guides/encoding
enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

struct Record {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  uint64_t value = 0;  // of the types that are no length
  Bytes content;
};

std::optional<uint64_t> varint(ByteReader& reader) {
  constexpr int kBits = 64;
  uint64_t value = 0;
  for (int shift = 0; shift < kBits; shift += 7) {
    const std::optional<uint8_t> byte = reader.u8();
    if (!byte) return std::nullopt;
    value |= static_cast<uint64_t>(*byte & 0x7F) << shift;
    if (*byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<uint64_t> little_endian(ByteReader& reader, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    const std::optional<uint8_t> byte = reader.u8();
    if (!byte) return std::nullopt;
    value |= static_cast<uint64_t>(*byte) << (8 * i);
  }
  return value;
}

std::optional<Record> next_record(ByteReader& reader) {
  const std::optional<uint64_t> tag = varint(reader);
  if (!tag || *tag >> 32 != 0) return std::nullopt;
  Record record{.number = static_cast<uint32_t>(*tag >> 3),
                .type = static_cast<WireType>(*tag & 7)};
  std::optional<uint64_t> value;
  switch (record.type) {
    case WireType::kVarint:
      value = varint(reader);
      break;
    case WireType::kFixed64:
      value = little_endian(reader, 8);
      break;
    case WireType::kFixed32:
      value = little_endian(reader, 4);
      break;
    case WireType::kLength: {
      const std::optional<uint64_t> size = varint(reader);
      if (!size || *size > reader.remaining()) return std::nullopt;
      record.content = *reader.bytes(static_cast<size_t>(*size));
      return record;
    }
    default:
      return std::nullopt;  // groups are long gone
  }
  if (!value) return std::nullopt;
  record.value = *value;
  return record;
}

// Calls visit(record) for each; false where the bytes are malformed or `visit` says so.
template <typename Visit>
bool each_record(Bytes bytes, Visit&& visit) {
  ByteReader reader(bytes);
  while (!reader.empty()) {
    const std::optional<Record> record = next_record(reader);
    if (!record || !visit(*record)) return false;
  }
  return true;
}

void add_text(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr std::string_view kHex = "0123456789abcdef";
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void add_base64(Bytes bytes, std::string& out) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  add_text(text, out);
}

// Depth is bounded by what the caller allows, so recursion is.
class Translator {
 public:
  explicit Translator(std::string& out) : out_(out) {}

  bool message(Bytes bytes, const ProtoMessage& of, size_t depth) {
    if (depth == 0) return false;
    out_ += '{';
    bool first = true;
    for (const ProtoField& field : of.fields) {
      if (!this->field(bytes, field, depth, first)) return false;
    }
    out_ += '}';
    return true;
  }

 private:
  void separate(bool& first) {
    if (!first) out_ += ',';
    first = false;
  }

  // All records of one field: of a repeated one an array, of any other the last counts.
  bool field(Bytes bytes, const ProtoField& field, size_t depth, bool& first) {
    std::optional<Record> last;
    bool empty = true;
    const bool good = each_record(bytes, [&](const Record& record) {
      if (record.number != field.number) return true;
      last = record;
      if (!field.repeated) return true;
      if (empty) {
        separate(first);
        add_text(field.name, out_);
        out_ += ":[";
      } else {
        out_ += ',';
      }
      empty = false;
      return value(record, field, depth);
    });
    if (!good) return false;
    if (!empty) out_ += ']';
    if (field.repeated || !last) return true;
    separate(first);
    add_text(field.name, out_);
    out_ += ':';
    return value(*last, field, depth);
  }

  bool value(const Record& record, const ProtoField& field, size_t depth) {
    switch (field.kind) {
      case ProtoKind::kText:
        add_text(as_text(record.content), out_);
        return true;
      case ProtoKind::kBytes:
        add_base64(record.content, out_);
        return true;
      case ProtoKind::kInteger:
        out_ += std::to_string(static_cast<int64_t>(record.value));
        return true;
      case ProtoKind::kTruth:
        out_ += record.value != 0 ? "true" : "false";
        return true;
      case ProtoKind::kName:
        name(record.value, field);
        return true;
      case ProtoKind::kMessage:
        return message(record.content, *field.message, depth - 1);
      case ProtoKind::kStruct:
        return any_object(record.content, depth - 1);
    }
    return false;
  }

  void name(uint64_t value, const ProtoField& field) {
    if (value < field.names.size()) return add_text(field.names[value], out_);
    out_ += std::to_string(value);
  }

  // Struct: map<string, Value> fields = 1, each entry a message of key = 1 and value = 2.
  bool any_object(Bytes bytes, size_t depth) {
    if (depth == 0) return false;
    out_ += '{';
    bool first = true;
    const bool good = each_record(bytes, [&](const Record& entry) {
      Bytes key;
      Bytes member;
      if (!each_record(entry.content, [&](const Record& half) {
            (half.number == 1 ? key : member) = half.content;
            return true;
          })) {
        return false;
      }
      separate(first);
      add_text(as_text(key), out_);
      out_ += ':';
      return any_value(member, depth);
    });
    out_ += '}';
    return good;
  }

  bool any_list(Bytes bytes, size_t depth) {
    if (depth == 0) return false;
    out_ += '[';
    bool first = true;
    const bool good = each_record(bytes, [&](const Record& item) {
      separate(first);
      return any_value(item.content, depth);
    });
    out_ += ']';
    return good;
  }

  // Value: null = 1, number = 2, string = 3, bool = 4, struct = 5, list = 6.
  bool any_value(Bytes bytes, size_t depth) {
    ByteReader reader(bytes);
    const std::optional<Record> record = bytes.empty() ? Record{.number = 1} : next_record(reader);
    if (!record) return false;
    switch (record->number) {
      case 2: {
        const auto number = std::bit_cast<double>(record->value);
        std::array<char, 32> text{};
        const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
        out_ += std::isfinite(number) ? std::string_view(text.data(), end.ptr) : "null";
        return true;
      }
      case 3:
        add_text(as_text(record->content), out_);
        return true;
      case 4:
        out_ += record->value != 0 ? "true" : "false";
        return true;
      case 5:
        return any_object(record->content, depth - 1);
      case 6:
        return any_list(record->content, depth - 1);
      default:
        out_ += "null";
        return true;
    }
  }

  std::string& out_;
};

}  // namespace

std::optional<std::string> protobuf_as_json(Bytes bytes, const ProtoMessage& message,
                                            size_t max_depth) {
  std::string out;
  if (!Translator(out).message(bytes, message, max_depth)) return std::nullopt;
  return out;
}

}  // namespace sonde::llm
