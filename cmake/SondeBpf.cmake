# sonde_compile_bpf(OBJECT file SOURCE file ARCH x86 HEADERS folder): one BPF object for the register
# layout of an architecture. The compiler writes a dependency file, so a changed header rebuilds it.
function(sonde_compile_bpf)
  cmake_parse_arguments(ARG "" "OBJECT;SOURCE;ARCH;HEADERS" "" ${ARGN})
  add_custom_command(
    OUTPUT ${ARG_OBJECT}
    COMMAND ${SONDE_CLANG_BPF} -target bpf -mcpu=v2 -O2 -g -Wall -Wextra -Werror
      -Wno-unused-parameter -Wno-missing-field-initializers
      -D__TARGET_ARCH_${ARG_ARCH} -I${CMAKE_SOURCE_DIR}/include -I${CMAKE_SOURCE_DIR}
      -isystem ${ARG_HEADERS} -MD -MF ${ARG_OBJECT}.d -MT ${ARG_OBJECT}
      -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
      -c ${ARG_SOURCE} -o ${ARG_OBJECT}
    DEPENDS ${ARG_SOURCE}
    DEPFILE ${ARG_OBJECT}.d
    COMMENT "BPF object ${ARG_OBJECT}" VERBATIM)
endfunction()

# sonde_bpf_object(tls SOURCE tls.bpf.c): compiles one BPF object for the build host, and generates its
# libbpf skeleton header. On x86-64 the same source is compiled for arm64 too, to keep that whole.
function(sonde_bpf_object name)
  cmake_parse_arguments(ARG "" "SOURCE" "" ${ARGN})
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(arch x86)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(arch arm64)
  else()
    message(FATAL_ERROR "no BPF register layout for ${CMAKE_SYSTEM_PROCESSOR}")
  endif()
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/skel/${name}.skel.h)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/skel)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SOURCE})
  sonde_compile_bpf(OBJECT ${object} SOURCE ${source} ARCH ${arch}
    HEADERS /usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
  if(arch STREQUAL x86)
    # Of linux-libc-dev-arm64-cross.
    find_path(SONDE_ARM64_HEADERS asm/ptrace.h PATHS /usr/aarch64-linux-gnu/include NO_DEFAULT_PATH
      REQUIRED DOC "arm64 kernel headers")
    set(other ${CMAKE_CURRENT_BINARY_DIR}/${name}.arm64.bpf.o)
    sonde_compile_bpf(OBJECT ${other} SOURCE ${source} ARCH arm64 HEADERS ${SONDE_ARM64_HEADERS})
    add_custom_target(${name}_bpf_arm64 ALL DEPENDS ${other})
  endif()
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${CMAKE_COMMAND} -E echo "/* NOLINTBEGIN */" > ${skeleton}.tmp
    COMMAND ${SONDE_BPFTOOL} gen skeleton ${object} name ${name}_bpf >> ${skeleton}.tmp
    COMMAND ${CMAKE_COMMAND} -E echo "/* NOLINTEND */" >> ${skeleton}.tmp
    COMMAND ${CMAKE_COMMAND} -E rename ${skeleton}.tmp ${skeleton}
    DEPENDS ${object} COMMENT "BPF skeleton ${name}" VERBATIM)
  add_custom_target(${name}_bpf_skeleton DEPENDS ${skeleton})
  add_library(sonde_${name}_bpf INTERFACE)
  add_dependencies(sonde_${name}_bpf ${name}_bpf_skeleton)
  target_include_directories(sonde_${name}_bpf SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR}/skel)
  target_link_libraries(sonde_${name}_bpf INTERFACE PkgConfig::libbpf)
  add_library(Sonde::${name}_bpf ALIAS sonde_${name}_bpf)
endfunction()
