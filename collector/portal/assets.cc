#include "collector/portal/assets.h"

#include <algorithm>

#include "collector/portal/embedded.h"

namespace sonde::portal {
namespace {

const Asset* exact(std::string_view path) {
  const auto assets = embedded_assets();
  const auto found = std::find_if(assets.begin(), assets.end(),
                                  [&](const Asset& asset) { return asset.path == path; });
  return found == assets.end() ? nullptr : &*found;
}

}  // namespace

const Asset* find_asset(std::string_view path) {
  if (const Asset* asset = exact(path)) return asset;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.find('.') != std::string_view::npos) return nullptr;
  return exact("/index.html");
}

std::string_view api_description() {
  const Asset* asset = exact("/openapi.yaml");
  return asset ? asset->content : std::string_view();
}

}  // namespace sonde::portal
