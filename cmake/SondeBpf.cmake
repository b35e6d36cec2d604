# sonde_bpf_object(tls SOURCE tls.bpf.c): compiles one BPF object for each supported architecture's
# register layout (here: the build host's), strips it, and generates its libbpf skeleton header.
# The compiler writes a dependency file, so a changed header rebuilds the skeleton.
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
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${SONDE_CLANG_BPF} -target bpf -mcpu=v2 -O2 -g -Wall -Wextra -Werror
      -Wno-unused-parameter -Wno-missing-field-initializers
      -D__TARGET_ARCH_${arch} -I${CMAKE_SOURCE_DIR}/include -I${CMAKE_SOURCE_DIR}
      -I/usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -MD -MF ${object}.d -MT ${object}
      -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
      -c ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SOURCE} -o ${object}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SOURCE}
    DEPFILE ${object}.d
    COMMENT "BPF object ${name}" VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${SONDE_BPFTOOL} gen skeleton ${object} name ${name}_bpf > ${skeleton}.tmp
    COMMAND ${CMAKE_COMMAND} -E rename ${skeleton}.tmp ${skeleton}
    DEPENDS ${object} COMMENT "BPF skeleton ${name}" VERBATIM)
  add_custom_target(${name}_bpf_skeleton DEPENDS ${skeleton})
  add_library(sonde_${name}_bpf INTERFACE)
  add_dependencies(sonde_${name}_bpf ${name}_bpf_skeleton)
  target_include_directories(sonde_${name}_bpf SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR}/skel)
  target_link_libraries(sonde_${name}_bpf INTERFACE PkgConfig::libbpf)
  add_library(Sonde::${name}_bpf ALIAS sonde_${name}_bpf)
endfunction()
