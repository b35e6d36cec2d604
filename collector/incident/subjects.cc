#include "collector/incident/subjects.h"

#include <fmt/format.h>

namespace sonde::incident {

namespace sql = store::sql;

Status Subjects::load(const std::vector<int64_t>& ids) {
  if (ids.empty()) return {};
  const std::string list = sql::id_list(connection_.dialect(), ids);
  const auto rows =
      connection_.query(fmt::format("SELECT {} FROM alerts a WHERE {}", kSubjectColumns,
                                    sql::one_of(connection_.dialect(), "a.id", 1)),
                        {std::string_view(list)});
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  for (const int64_t id : ids) known_.try_emplace(id, std::nullopt);
  for (const sql::Row& row : *rows) know(read_subject(row));
  return {};
}

Result<std::optional<Subject>> Subjects::find(int64_t id) {
  if (!known_.contains(id)) {
    if (const Status loaded = load({id}); !loaded.ok()) {
      return tl::unexpected<Error>(loaded.error());
    }
  }
  return known_.at(id);
}

}  // namespace sonde::incident
