// The steps of the schema, oldest first. What stands here was released: it is never changed, only
// added to.
#pragma once

#include <span>
#include <string_view>

namespace sonde::store {

// One step of the schema: what both dialects share (with @id@, @int@, @real@ for
// their types, @clustered@ and @chr@; see migrations.cc), and
// what each needs beside it.
struct SchemaStep {
  std::string_view common;
  std::string_view sqlite;
  std::string_view postgres;
};

std::span<const SchemaStep> schema_steps();

}  // namespace sonde::store
