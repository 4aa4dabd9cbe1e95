# Finds Relacy and decides whether the explorer can be built: sets TRIECHECK_WITH_RELACY and the target
# triecheck::relacy, through which alone the explorer sees Relacy's headers.
set(TRIECHECK_WITH_RELACY OFF)

if(TRIECHECK_SANITIZER OR CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
  message(STATUS "Relacy: left out, because its fibers switch stacks behind a sanitizer's back; the rest is built")
  return()
endif()

# A checkout has its headers in relacy/; both it and that folder are accepted.
if(RELACY_INCLUDE_DIR)
  get_filename_component(folder ${RELACY_INCLUDE_DIR} ABSOLUTE)
  get_filename_component(folder_name ${folder} NAME)
  if(NOT EXISTS ${folder}/relacy/context.hpp AND folder_name STREQUAL "relacy" AND EXISTS ${folder}/context.hpp)
    get_filename_component(folder ${folder} DIRECTORY)
  endif()
  if(NOT EXISTS ${folder}/relacy/context.hpp)
    message(FATAL_ERROR "RELACY_INCLUDE_DIR is ${RELACY_INCLUDE_DIR}, but there is no relacy/context.hpp in it.")
  endif()
  set(relacy_include_dir ${folder})
else()
  find_path(triecheck_packaged_relacy relacy/context.hpp)
  mark_as_advanced(triecheck_packaged_relacy)
  if(NOT triecheck_packaged_relacy)
    message(FATAL_ERROR
      "Relacy is missing. On Debian: apt-get install relacy-dev (tools/setup installs all that is missing), "
      "or name a checkout of it: -DRELACY_INCLUDE_DIR=<folder>. "
      "To build the cache and the model alone: -DTRIECHECK_BUILD_CHECKS=OFF")
  endif()
  set(relacy_include_dir ${triecheck_packaged_relacy})
endif()

add_library(triecheck_relacy INTERFACE)
add_library(triecheck::relacy ALIAS triecheck_relacy)
include(${CMAKE_CURRENT_LIST_DIR}/relacy/target.cmake)
triecheck_relacy_target(triecheck_relacy ${relacy_include_dir})

# The explorer's own header of headers, in one translation unit: a compiler that cannot build it says so now. The
# functions make it instantiate the templates too.
set(probe ${CMAKE_CURRENT_BINARY_DIR}/relacy_probe.cpp)
file(CONFIGURE OUTPUT ${probe} @ONLY CONTENT [[
#include "checks/explore/relacy/headers.h"

const rl::debug_info here("function", "file", 1);
unsigned load(rl::atomic<unsigned>& a) { return a.load(rl::mo_acquire, here); }
unsigned read(rl::var<unsigned>& v) { return v(here).load(); }
void lock(rl::generic_mutex<rl::mutex_tag_std>& m) { m.lock(here); }
]])
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
unset(relacy_compiles CACHE)  # The answer belongs to one folder and one compiler: it is asked again each time.
try_compile(relacy_compiles ${CMAKE_CURRENT_BINARY_DIR}/relacy_probe ${probe}
  CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${PROJECT_SOURCE_DIR};${relacy_include_dir}"
  COMPILE_DEFINITIONS -U_FORTIFY_SOURCE
  CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON
  OUTPUT_VARIABLE relacy_output)
unset(CMAKE_TRY_COMPILE_TARGET_TYPE)
if(relacy_compiles)
  set(TRIECHECK_WITH_RELACY ON)
  message(STATUS "Relacy: ${relacy_include_dir}/relacy")
else()
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/relacy_probe.log "${relacy_output}")
  message(STATUS "Relacy: left out, because ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} does not compile the "
    "headers in ${relacy_include_dir} (see ${CMAKE_CURRENT_BINARY_DIR}/relacy_probe.log); the rest is built")
endif()
