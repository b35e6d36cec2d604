// POST /api/v1/ingest: a batch of envelopes becomes durable, or the agent keeps it.
#include <memory>

#include <fmt/format.h>
#include <zstd.h>

#include "collector/api/handlers.h"
#include "collector/api/render.h"

namespace sonde::api {
namespace {

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Decodes a whole zstd body (RFC 8878), stopping at the limit: the size in a frame's header is only
// what the sender says.
std::optional<Response> decode_zstd(std::string_view in, size_t limit, std::string& out) {
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  // 8 MiB: what decoders must support (RFC 8878, 3.1.1.1.2), and no more.
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 23);
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  size_t hint = 1;
  while (input.pos < input.size) {
    const size_t at = out.size();
    out.resize(at + std::max(ZSTD_DStreamOutSize(), in.size()));
    ZSTD_outBuffer output{out.data() + at, out.size() - at, 0};
    hint = ZSTD_decompressStream(context.get(), &output, &input);
    out.resize(at + output.pos);
    if (ZSTD_isError(hint)) return problem(400, "the body is no zstd");
    if (out.size() > limit) return problem(413, "the batch is too large once decoded");
  }
  // What the decoder still holds back.
  while (hint > 0) {
    const size_t at = out.size();
    out.resize(at + ZSTD_DStreamOutSize());
    ZSTD_outBuffer output{out.data() + at, out.size() - at, 0};
    hint = ZSTD_decompressStream(context.get(), &output, &input);
    out.resize(at + output.pos);
    if (ZSTD_isError(hint) || output.pos == 0) {
      return hint == 0 ? std::nullopt : std::optional(problem(400, "the zstd body is cut short"));
    }
    if (out.size() > limit) return problem(413, "the batch is too large once decoded");
  }
  return std::nullopt;
}

struct Lines {
  store::Batch batch;
  Json rejected = Json::array();
  size_t rejected_count = 0;
  std::optional<Response> refused;
};

void add(store::Batch& batch, store::Envelope envelope) {
  if (auto* alert = std::get_if<store::NewAlert>(&envelope)) {
    batch.alerts.push_back(std::move(*alert));
  } else if (auto* activity = std::get_if<store::Activity>(&envelope)) {
    batch.activities.push_back(std::move(*activity));
  } else if (auto* heartbeat = std::get_if<store::Heartbeat>(&envelope)) {
    batch.heartbeats.push_back(std::move(*heartbeat));
  }
}

// `text` is followed by EnvelopeReader::kPadding readable bytes.
Lines read_lines(std::string_view text, std::string_view sender, const ApiLimits& limits) {
  thread_local store::EnvelopeReader reader;
  Lines lines;
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (++number > limits.ingest_lines) {
      lines.refused = problem(413, "the batch has too many lines");
      return lines;
    }
    if (line.empty()) continue;
    auto envelope = reader.read(line, sender);
    if (envelope.ok()) {
      add(lines.batch, std::move(*envelope));
    } else if (++lines.rejected_count <= limits.ingest_errors) {
      lines.rejected.push_back({{"line", number}, {"error", envelope.error().message}});
    }
  }
  return lines;
}

// A host whose clock is wrong must not hide its alerts, by a date that retention removes, nor put
// them above all others for years. The alert's own JSON keeps what it said. Returns how many.
size_t date_sanely(store::Batch& batch, const ApiLimits& limits) {
  size_t dated = 0;
  const auto date = [&](int64_t& time_ms) {
    if (time_ms <= batch.received_ms + limits.clock_ahead_ms &&
        time_ms >= batch.received_ms - limits.clock_behind_ms) {
      return;
    }
    time_ms = batch.received_ms;
    ++dated;
  };
  for (store::NewAlert& alert : batch.alerts) date(alert.time_ms);
  for (store::Activity& activity : batch.activities) date(activity.time_ms);
  return dated;
}

void count(Context& context, const Lines& lines, const store::BatchOutcome& outcome, size_t bytes) {
  context.metrics.add(Counter::kIngestBatches);
  context.metrics.add(Counter::kIngestBytes, bytes);
  context.metrics.add(Counter::kIngestAccepted, outcome.accepted);
  context.metrics.add(Counter::kIngestDuplicates, outcome.duplicates);
  context.metrics.add(Counter::kIngestRejected, lines.rejected_count);
}

}  // namespace

Response ingest(Context& context, const Request& request, const Caller& caller, const PathValues&) {
  const ApiLimits& limits = context.config.limits;
  const std::string_view encoding = request.header("content-encoding");
  std::string text;
  if (encoding == "zstd") {
    if (auto refused = decode_zstd(request.body, limits.ingest_decoded_bytes, text)) {
      return *refused;
    }
  } else if (encoding.empty() || encoding == "identity") {
    text = request.body;
  } else {
    return problem(415, "Content-Encoding must be identity or zstd");
  }
  const size_t bytes = text.size();
  text.resize(bytes + store::EnvelopeReader::kPadding);
  Lines lines = read_lines(std::string_view(text).substr(0, bytes), caller.name, limits);
  if (lines.refused) return *lines.refused;
  lines.batch.received_ms = context.now_ms();
  context.metrics.add(Counter::kIngestMisdated, date_sanely(lines.batch, limits));
  const auto outcome = context.ingest.commit(std::move(lines.batch));
  if (!outcome.ok()) return store_failed(context, outcome.error());
  count(context, lines, *outcome, bytes);
  return json_response({{"accepted", outcome->accepted},
                        {"duplicates", outcome->duplicates},
                        {"rejected", std::move(lines.rejected)},
                        {"rejected_count", lines.rejected_count}});
}

}  // namespace sonde::api
