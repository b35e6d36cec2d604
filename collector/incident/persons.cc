#include "collector/incident/persons.h"

#include <algorithm>

#include <fmt/format.h>

namespace sonde::incident {
namespace {

using store::Entity;
namespace sql = store::sql;

// A UUID has 32 digits, providers' ids more than 20 characters.
constexpr size_t kUniqueBytes = 20;

bool is_end_user(const Entity& entity) { return entity.type == "end_user"; }

}  // namespace

std::string scoped_conversation(const Subject& subject, const std::vector<Entity>& entities,
                                const std::string& conversation) {
  const auto key = std::find_if(entities.begin(), entities.end(),
                                [](const Entity& entity) { return entity.type == "api_key"; });
  const bool shared = key != entities.end() && conversation.size() >= kUniqueBytes;
  return fmt::format("{} ({}, {})", conversation, subject.application,
                     shared ? key->value : subject.host);
}

Result<std::set<int64_t>> alerts_of_others(sql::Connection& connection,
                                           const std::vector<Entity>& own,
                                           const std::set<int64_t>& ids) {
  std::set<int64_t> others;
  if (ids.empty() || std::none_of(own.begin(), own.end(), is_end_user)) return others;
  std::string list;
  std::vector<sql::Param> params;
  for (const int64_t id : ids) {
    params.emplace_back(id);
    list += fmt::format("{}${}", list.empty() ? "" : ", ", params.size());
  }
  const auto rows = connection.query(
      fmt::format("SELECT id, entities FROM alerts WHERE id IN ({})", list), sql::Params(params));
  if (!rows.ok()) return tl::unexpected<Error>(rows.error());
  for (const sql::Row& row : *rows) {
    const std::vector<Entity> theirs = store::entities_from_json(row.text(1));
    const bool named = std::any_of(theirs.begin(), theirs.end(), is_end_user);
    const bool same = std::any_of(theirs.begin(), theirs.end(), [&own](const Entity& entity) {
      return is_end_user(entity) && std::find(own.begin(), own.end(), entity) != own.end();
    });
    if (named && !same) others.insert(row.integer(0));
  }
  return others;
}

}  // namespace sonde::incident
