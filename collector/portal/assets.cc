#include "collector/portal/assets.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "collector/portal/embedded.h"

namespace sonde::portal {
namespace {

const Asset* exact(std::string_view path) {
  const auto assets = embedded_assets();
  const auto found = std::find_if(assets.begin(), assets.end(),
                                  [&](const Asset& asset) { return asset.path == path; });
  return found == assets.end() ? nullptr : &*found;
}

// The portal's own pages, by their first segment (collector/portal/src/App.tsx): a page is reloaded
// by its address. The rest of the path may be anything, a host name with dots for one.
constexpr auto kPages = std::to_array<std::string_view>(
    {"", "alerts", "incidents", "inventory", "coverage", "fleet", "policies", "settings", "audit"});

bool is_page(std::string_view path) {
  if (!path.starts_with('/')) return false;
  path.remove_prefix(1);
  const std::string_view first = path.substr(0, path.find('/'));
  return std::find(kPages.begin(), kPages.end(), first) != kPages.end();
}

}  // namespace

const Asset* start_page() { return exact("/index.html"); }

const Asset* find_asset(std::string_view path) {
  if (const Asset* asset = exact(path)) return asset;
  return is_page(path) ? start_page() : nullptr;
}

std::string_view api_description() {
  const Asset* asset = exact("/openapi.yaml");
  return asset ? asset->content : std::string_view();
}

}  // namespace sonde::portal
