# cmake -D FROM=portal -D TO=work -P copy_sources.cmake: the portal's sources without what npm and
# Vite make of them. What is gone from FROM goes from TO.
file(GLOB stale RELATIVE ${TO} ${TO}/*)
list(REMOVE_ITEM stale node_modules package.json package-lock.json)
foreach(name IN LISTS stale)
  file(REMOVE_RECURSE ${TO}/${name})
endforeach()
file(GLOB names RELATIVE ${FROM} ${FROM}/*)
list(REMOVE_ITEM names node_modules dist)
foreach(name IN LISTS names)
  if(NOT name MATCHES "\\.(cc|h|cmake)$|^CMakeLists.txt$|^package")
    file(COPY ${FROM}/${name} DESTINATION ${TO})
  endif()
endforeach()
