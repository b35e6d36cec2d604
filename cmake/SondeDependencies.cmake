# Every third-party package, found once, by the name the modules link against.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(tl-expected REQUIRED)

foreach(package IN ITEMS
    libbpf libelf capstone yaml-cpp libnghttp2 libbrotlidec libbrotlienc libzstd libhs libpcre2-8
    sqlite3 libpq rdkafka libmaxminddb libcap libidn2 libpsl icu-i18n icu-uc)
  string(MAKE_C_IDENTIFIER ${package} id)
  pkg_check_modules(${id} REQUIRED IMPORTED_TARGET GLOBAL ${package})
endforeach()

find_program(SONDE_CLANG_BPF NAMES clang-19 REQUIRED
  DOC "clang for BPF objects; older ones emit code that some verifiers refuse")
find_program(SONDE_BPFTOOL NAMES bpftool PATHS /usr/sbin /usr/local/sbin REQUIRED)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
