// The files that the collector serves out of its own executable: the portal, as Vite built it, and
// the description of the API.
#pragma once

#include <string_view>

namespace sonde::portal {

struct Asset {
  std::string_view path;  // "/assets/index-1a2b.js"
  std::string_view content_type;
  std::string_view etag;  // quoted, of the content
  std::string_view content;
  bool immutable;  // the path names the content
};

// The file for the path of a request. A path without a file name's extension is a page of the
// portal, which does its own routing: it answers index.html. nullptr where there is nothing.
const Asset* find_asset(std::string_view path);

// index.html, which shows a page of its own for what the portal does not know.
const Asset* start_page();

// openapi.yaml
std::string_view api_description();

}  // namespace sonde::portal
