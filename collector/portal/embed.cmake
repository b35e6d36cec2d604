# cmake -D OUTPUT=x.cc -D ROOT=dist [-D EXTRA=openapi.yaml] -P embed.cmake
# Writes a source file that holds every file under ROOT, and EXTRA beside them, by .incbin: the
# assembler copies the bytes, so that a megabyte of script costs the compiler nothing.
set(entries "")
set(blocks "")
set(index 0)

function(content_type_of name result)
  get_filename_component(extension "${name}" LAST_EXT)
  set(types
    .html "text/html\; charset=utf-8" .js "text/javascript\; charset=utf-8"
    .css "text/css\; charset=utf-8" .svg image/svg+xml .png image/png .ico image/x-icon
    .json application/json .webmanifest application/manifest+json .woff2 font/woff2
    .woff font/woff .txt "text/plain\; charset=utf-8" .yaml application/yaml .map application/json)
  list(FIND types "${extension}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "embed.cmake: no content type for '${name}'")
  endif()
  math(EXPR at "${at} + 1")
  list(GET types ${at} type)
  set(${result} "${type}" PARENT_SCOPE)
endfunction()

set(files "")
if(ROOT)
  file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/*)
  list(SORT files)
endif()
foreach(file IN LISTS files EXTRA)
  if(IS_ABSOLUTE "${file}")
    set(source "${file}")
    get_filename_component(path "${file}" NAME)
  else()
    set(source "${ROOT}/${file}")
    set(path "${file}")
  endif()
  content_type_of("${path}" type)
  file(SHA256 "${source}" hash)
  string(SUBSTRING ${hash} 0 32 hash)
  set(immutable false)
  if(path MATCHES "^assets/")
    set(immutable true)
  endif()
  string(APPEND blocks
    "asm(\".section .rodata\\n.balign 16\\n.global sonde_asset_${index}\\nsonde_asset_${index}:\\n\"\n"
    "    \".incbin \\\"${source}\\\"\\n.global sonde_asset_${index}_end\\nsonde_asset_${index}_end:\\n\"\n"
    "    \".byte 0\\n.previous\\n\");\n"
    "extern \"C\" const char sonde_asset_${index}[], sonde_asset_${index}_end[];\n")
  string(APPEND entries
    "      {\"/${path}\", \"${type}\", \"\\\"${hash}\\\"\",\n"
    "       {sonde_asset_${index}, static_cast<size_t>(sonde_asset_${index}_end - sonde_asset_${index})},\n"
    "       ${immutable}},\n")
  math(EXPR index "${index} + 1")
endforeach()

file(WRITE "${OUTPUT}.tmp"
"// Written by embed.cmake.
#include <vector>

#include \"collector/portal/embedded.h\"

${blocks}
namespace sonde::portal {

std::span<const Asset> embedded_assets() {
  static const std::vector<Asset> kAssets = {
${entries}  };
  return kAssets;
}

}  // namespace sonde::portal
")
file(RENAME "${OUTPUT}.tmp" "${OUTPUT}")
