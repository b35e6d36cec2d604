#include "agent/llm/answer_framing.h"

#include <algorithm>
#include <array>

namespace sonde::llm {

std::optional<StreamFormat> stream_format(std::string_view content_type) {
  if (content_type.starts_with("text/event-stream")) return StreamFormat::kServerSentEvents;
  const auto holds = [&](std::string_view word) {
    return content_type.find(word) != std::string_view::npos;
  };
  if (holds("amazon.eventstream")) return StreamFormat::kEventStream;
  for (const std::string_view word : {"ndjson", "stream+json", "jsonl", "json-seq"}) {
    if (holds(word)) return StreamFormat::kJsonLines;
  }
  return std::nullopt;
}

bool is_binary(std::string_view content_type) {
  for (const std::string_view kind : {"audio/", "image/", "video/", "application/octet-stream"}) {
    if (content_type.starts_with(kind)) return true;
  }
  return false;
}

bool begins_like_events(std::string_view bytes) {
  for (const std::string_view field : {"data:", "event:", "id:", "retry:", ":"}) {
    if (bytes.starts_with(field)) return true;
  }
  return false;
}

bool is_last_event(std::string_view name) {
  constexpr auto kNames =
      std::to_array<std::string_view>({"message_stop", "message-end", "response.completed",
                                       "response.incomplete", "response.failed"});
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace sonde::llm
