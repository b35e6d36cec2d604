# Warnings, hardening and sanitizers for every target of ours.
add_library(sonde_options INTERFACE)
target_compile_options(sonde_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wimplicit-fallthrough
    -Wno-missing-field-initializers $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict>>  # designated initializers name what differs from the default
  -fno-omit-frame-pointer -fstack-protector-strong)
target_include_directories(sonde_options INTERFACE
  ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
if(SONDE_WERROR)
  target_compile_options(sonde_options INTERFACE -Werror)
endif()
if(SONDE_SANITIZE)
  target_compile_options(sonde_options INTERFACE -fsanitize=${SONDE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(sonde_options INTERFACE -fsanitize=${SONDE_SANITIZE})
else()
  target_compile_definitions(sonde_options INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2> _GLIBCXX_ASSERTIONS)
  target_link_options(sonde_options INTERFACE -Wl,-z,relro,-z,now)
endif()
if(SONDE_FUZZ)
  target_compile_options(sonde_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()
