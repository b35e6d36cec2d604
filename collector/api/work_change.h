// Reads the body of a PATCH on an alert or an incident.
#pragma once

#include <string>

#include "collector/api/render.h"
#include "collector/store/alerts.h"
#include "collector/store/incidents.h"

namespace sonde::api {

// Every member must be asked for by one of the calls; problem() then says what is wrong, or "".
class WorkReader {
 public:
  explicit WorkReader(const Json& json) : json_(json) {}

  store::WorkChange work();          // status, assignee, classification
  store::IncidentChange incident();  // these, severity and title
  std::string problem();

 private:
  const Json* member(const char* key);
  void complain(const char* detail);
  std::optional<std::string> text_or_null(const char* key, const char* detail);

  const Json& json_;
  size_t asked_ = 0;
  std::string problem_;
};

}  // namespace sonde::api
