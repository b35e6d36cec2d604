# sonde_module(agent/http SOURCES a.cc b.cc DEPENDS Sonde::base PkgConfig::libzstd)
# One static library per module folder: target sonde_<name>, alias Sonde::<name>.
# DEPENDS names what the module's own includes need; the layer test holds the includes to the table.
function(sonde_module path)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  get_filename_component(name ${path} NAME)
  if(path MATCHES "^collector/")
    set(name collector_${name})
  endif()
  add_library(sonde_${name} STATIC ${ARG_SOURCES})
  add_library(Sonde::${name} ALIAS sonde_${name})
  target_link_libraries(sonde_${name} PUBLIC sonde_options ${ARG_DEPENDS})
endfunction()

# sonde_test(unit_http SOURCES x_test.cc DEPENDS Sonde::http [LABEL unit])
# One GoogleTest program per module; every case is a ctest entry of its own.
function(sonde_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE sonde_options ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE SONDE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  gtest_discover_tests(${name} PROPERTIES LABELS ${ARG_LABEL} DISCOVERY_MODE PRE_TEST)
endfunction()

# sonde_fuzz(http1 SOURCES http1_fuzz.cc DEPENDS Sonde::http)
# With the fuzz preset a libFuzzer program; otherwise the same target replays its corpus
# (tests/fuzz/corpus/<name>) as a unit test, so that a found crash stays found.
function(sonde_fuzz name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(fuzz_${name} ${ARG_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE sonde_options ${ARG_DEPENDS})
  if(SONDE_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.cc)
    add_test(NAME fuzz_corpus.${name}
      COMMAND fuzz_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(fuzz_corpus.${name} PROPERTIES LABELS unit)
  endif()
endfunction()

# sonde_bench(http SOURCES http_bench.cc DEPENDS Sonde::http): a Google Benchmark program, never a test.
function(sonde_bench name)
  if(NOT SONDE_BENCH)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(bench_${name} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  target_link_libraries(bench_${name} PRIVATE sonde_options ${ARG_DEPENDS} benchmark::benchmark_main)
endfunction()
