#include "agent/llm/form_data.h"

#include <vector>

#include "agent/llm/blob.h"
#include "agent/llm/utf8.h"

namespace sonde::llm {
namespace {

constexpr size_t kMaxParts = 256;

struct FormPart {
  std::string_view name;
  std::string_view filename;
  std::string_view media_type;
  std::string_view content;
  bool is_file = false;
};

bool starts_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  for (size_t i = 0; i < lower_case.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    if (c != lower_case[i]) return false;
  }
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// `; name="value"` of a header field (RFC 7578, 4.2); found says whether it is there at all.
std::string_view parameter(std::string_view field, std::string_view name, bool* found = nullptr) {
  size_t at = field.find(';');
  while (at != std::string_view::npos) {
    std::string_view rest = trimmed(field.substr(at + 1));
    const bool here = starts_ignoring_case(rest, name) && rest.substr(name.size()).starts_with('=');
    if (here) {
      if (found != nullptr) *found = true;
      rest.remove_prefix(name.size() + 1);
      if (!rest.starts_with('"')) return trimmed(rest.substr(0, rest.find(';')));
      rest.remove_prefix(1);
      return rest.substr(0, rest.find('"'));
    }
    at = field.find(';', at + 1);
  }
  return {};
}

// One part: header lines, an empty line, the content.
std::optional<FormPart> read_part(std::string_view text) {
  FormPart part;
  for (;;) {
    const size_t end = text.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    if (line.empty()) break;
    if (starts_ignoring_case(line, "content-disposition:")) {
      part.name = parameter(line, "name");
      part.filename = parameter(line, "filename", &part.is_file);
    } else if (starts_ignoring_case(line, "content-type:")) {
      part.media_type = trimmed(line.substr(line.find(':') + 1));
    }
  }
  part.content = text;
  return part;
}

void write_string(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const Utf8Sequence front = utf8_front(text);
    const unsigned char c = static_cast<unsigned char>(text[0]);
    if (!front.valid) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += text[0];
    } else if (c < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += text.substr(0, front.size);
    }
    text.remove_prefix(front.size);
  }
  out += '"';
}

void write_member(std::string_view name, std::string_view value, std::string& out) {
  if (out.back() != '{') out += ',';
  write_string(name, out);
  out += ':';
  write_string(value, out);
}

// Texts are prompts as much as any other: a model reads what is uploaded for it.
bool is_text(const FormPart& part) {
  if (part.content.find('\0') != std::string_view::npos) return false;
  return is_utf8(part.content);
}

void write_file(const FormPart& part, std::string& out) {
  out += '{';
  write_member("filename", part.filename, out);
  write_member("media_type", part.media_type, out);
  const BlobFacts facts = measure(part.content);
  write_member("size_bytes", std::to_string(facts.size_bytes), out);
  write_member("sha256", facts.hash, out);
  if (is_text(part)) write_member("text", part.content, out);
  out += '}';
}

}  // namespace

std::string_view form_boundary(std::string_view content_type) {
  if (!starts_ignoring_case(content_type, "multipart/form-data")) return {};
  return parameter(content_type, "boundary");
}

std::optional<std::string> form_as_json(std::string_view body, std::string_view boundary,
                                        const Limits& limits) {
  if (boundary.empty()) return std::nullopt;
  const std::string delimiter = "--" + std::string(boundary);
  const std::string next = "\r\n" + delimiter;
  if (!body.starts_with(delimiter)) return std::nullopt;
  body.remove_prefix(delimiter.size());
  std::string out = "{";
  for (size_t parts = 0; body.starts_with("\r\n"); ++parts) {
    if (parts == kMaxParts) return std::nullopt;
    body.remove_prefix(2);
    const size_t end = body.find(next);
    if (end == std::string_view::npos) break;  // cut: what is not whole is left out
    const std::optional<FormPart> part = read_part(body.substr(0, end));
    body.remove_prefix(end + next.size());
    if (!part || part->name.empty()) continue;
    if (!part->is_file) {
      write_member(part->name, part->content, out);
      continue;
    }
    if (out.back() != '{') out += ',';
    write_string(part->name, out);
    out += ':';
    write_file(*part, out);
  }
  out += '}';
  if (out.size() > 2 * limits.body_bytes) return std::nullopt;
  return out;
}

}  // namespace sonde::llm
