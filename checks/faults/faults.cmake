# Seeded faults: each file *.patch of this folder puts one known defect back into a copy of the shipped text.
#
# A patch opens with what the registry tells about it (Description, Breaks, Expected, Scenario; Cache where it is not
# coarse, Policy where it shows under another than recency, Explore where it takes other options than the default) and
# goes on as a unified diff of cache/. `Check: fuzz` in place of a scenario: a sequential workload shows it, over the
# production layer (Fuzz where that takes other options than the default). It must apply to the shipped text without
# fuzz, or configuring stops: a fault that rots is noticed.
# The copy lives in a namespace of its own, in the build folder, so that a faulty cache stands beside the shipped one in
# one program. It shares the sync layer's concept and the vocabulary of types with the shipped text.
find_program(PATCH_EXECUTABLE patch)
if(NOT PATCH_EXECUTABLE)
  message(FATAL_ERROR "patch is missing. On Debian: apt-get install patch (tools/setup installs all that is missing).")
endif()

# What a faulty copy shares with the shipped text: the sync layer and the vocabulary of types.
get_property(fault_text GLOBAL PROPERTY triecheck_cache_headers)
list(FILTER fault_text EXCLUDE REGEX "^(sync/.*|events\\.h|types\\.h)$")
set(fault_folder ${CMAKE_CURRENT_BINARY_DIR}/faults)
set(fault_count 0)
foreach(twin IN LISTS triecheck_twins)
  set(fault_sources_${twin})
  set(fault_declarations_${twin})
  set(fault_calls_${twin})
  set(faults_left_out_${twin})
endforeach()

# Most of the time of a build goes into the faulty copies: -DTRIECHECK_FAULTS=REGEX builds those alone whose name
# matches.
set(TRIECHECK_FAULTS "." CACHE STRING "Which seeded faults are built: those whose name matches this expression; . is all, ^$ is none")

# triecheck_fault(NAME): a fault, if it was asked for.
macro(triecheck_fault fault)
  if("${fault}" MATCHES "${TRIECHECK_FAULTS}")
    triecheck_seed(${fault})
  else()
    foreach(twin IN LISTS triecheck_twins)
      string(APPEND faults_left_out_${twin} "\"${fault}\", ")
    endforeach()
  endif()
endmacro()

# triecheck_seed(NAME): reads NAME.patch, makes the copy, and adds a source file that registers it.
macro(triecheck_seed fault)
  set(fault_name ${fault})
  set(patch_file ${PROJECT_SOURCE_DIR}/checks/faults/${fault}.patch)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${patch_file})
  set(copy ${fault_folder}/${fault})
  file(REMOVE_RECURSE ${copy}/cache)
  foreach(header IN LISTS fault_text)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cache/${header})
    configure_file(${PROJECT_SOURCE_DIR}/cache/${header} ${copy}/cache/${header} COPYONLY)
  endforeach()
  execute_process(COMMAND ${PATCH_EXECUTABLE} -p1 --fuzz=0 --no-backup-if-mismatch -s -i ${patch_file}
    WORKING_DIRECTORY ${copy} RESULT_VARIABLE patch_result OUTPUT_VARIABLE patch_output ERROR_VARIABLE patch_output)
  if(NOT patch_result EQUAL 0)
    message(FATAL_ERROR "the fault ${fault} does not apply to cache/ any more; mend checks/faults/${fault}.patch:\n${patch_output}")
  endif()
  foreach(header IN LISTS fault_text)
    cmake_path(GET header PARENT_PATH folder)
    file(MAKE_DIRECTORY ${copy}/${folder})
    file(READ ${copy}/cache/${header} text)
    string(REGEX REPLACE "namespace triecheck( |::)" "namespace triecheck::faults::${fault}\\1" text "${text}")
    string(REGEX REPLACE "#include \"(\\.\\./)*(events|sync/sync|types)\\.h\"" "#include \"cache/\\2.h\"" text "${text}")
    file(WRITE ${copy}/cache/${header}.new "${text}")
    file(COPY_FILE ${copy}/cache/${header}.new ${copy}/${header} ONLY_IF_DIFFERENT)
  endforeach()
  file(READ ${patch_file} text LIMIT 2000)
  set(fault_fields Description Breaks Expected Scenario)
  if(text MATCHES "(^|\n)Check: fuzz\n")
    list(REMOVE_ITEM fault_fields Scenario)
    set(fault_Scenario "")
  endif()
  foreach(field IN LISTS fault_fields)
    if(NOT text MATCHES "(^|\n)${field}: ([^\n]+)")
      message(FATAL_ERROR "checks/faults/${fault}.patch does not say its ${field}")
    endif()
    set(fault_${field} "${CMAKE_MATCH_2}")
  endforeach()
  set(fault_Cache coarse)
  if(text MATCHES "(^|\n)Cache: ([^\n]+)")
    set(fault_Cache "${CMAKE_MATCH_2}")
  endif()
  set(fault_Explore)
  if(text MATCHES "(^|\n)Explore: ([^\n]+)")
    separate_arguments(fault_Explore UNIX_COMMAND "${CMAKE_MATCH_2}")
  endif()
  set(fault_Fuzz)
  if(text MATCHES "(^|\n)Fuzz: ([^\n]+)")
    separate_arguments(fault_Fuzz UNIX_COMMAND "${CMAKE_MATCH_2}")
  endif()
  set(fault_Policy recency)
  set(fault_policy_header ${fault_Cache}.h)
  if(text MATCHES "(^|\n)Policy: ([^\n]+)")
    set(fault_Policy "${CMAKE_MATCH_2}")
    set(fault_policy_header policies/${fault_Policy}.h)
  endif()
  foreach(layer IN ITEMS relacy_sync std_sync)
    set(fault_parameters ${layer})
    if(NOT fault_Policy STREQUAL recency)
      string(APPEND fault_parameters ", faults::${fault_name}::${fault_Policy}<${layer}>")
    endif()
    set(fault_cache faults::${fault_name}::${fault_Cache}_cache<${fault_parameters}>)
    set(fault_over_${layer} "&checks::make_subject<${fault_cache}, faults::${fault_name}::event_hub<${layer}>>")
  endforeach()
  if(NOT fault_Scenario STREQUAL "")
    set(fault_over_std_sync nullptr)
  endif()
  file(CONFIGURE OUTPUT ${copy}.cpp @ONLY CONTENT [[
#include "@copy@/@fault_Cache@.h"
#include "@copy@/event_hub.h"
#include "@copy@/@fault_policy_header@"

#include "cache/sync/std.h"
#include "checks/subject/cache_subject.h"
#include "checks/verify/registry.h"
#include "checks/explore/relacy/sync.h"

namespace triecheck::explore {

fault fault_@fault_name@() {
  return {"@fault_name@", "@fault_Cache@", "@fault_Description@", "@fault_Breaks@", "@fault_Expected@", "@fault_Scenario@",
          @fault_over_relacy_sync@,
          @fault_over_std_sync@, model::eviction_policy::@fault_Policy@};
}

}  // namespace triecheck::explore
]])
  # Several faults to a translation unit: most of the time goes into the headers that they share. Of each, one is in the
  # debug twin, too, and replayed there; so is every defect of the historical cache.
  math(EXPR fault_group "${fault_count} / 6")
  math(EXPR fault_place "${fault_count} % 6")
  math(EXPR fault_count "${fault_count} + 1")
  set_source_files_properties(${copy}.cpp PROPERTIES UNITY_GROUP faults_${fault_group})
  set(fault_replays -)
  foreach(twin IN LISTS triecheck_twins)
    if(twin STREQUAL "debug" AND NOT fault_place EQUAL 0)
      string(APPEND faults_left_out_${twin} "\"${fault}\", ")
      continue()
    endif()
    list(APPEND fault_sources_${twin} ${copy}.cpp)
    string(APPEND fault_declarations_${twin} "fault fault_${fault}();\n")
    string(APPEND fault_calls_${twin} "fault_${fault}(), ")
  endforeach()
  if(fault_place EQUAL 0 OR NOT debug IN_LIST triecheck_twins)
    set(fault_replays $<TARGET_FILE:triecheck-debug>)
  endif()
  # Registered here, where the name, the scenario and the kind are known; the programs are those of tools/.
  if(fault_Scenario STREQUAL "")
    set(fault_test fault.fuzz.${fault})
    add_test(NAME ${fault_test} COMMAND ${PROJECT_SOURCE_DIR}/checks/faults/sequential_fault_test
      $<TARGET_FILE:triecheck> ${fault} ${fault_Expected} ${fault_Fuzz})
  else()
    set(fault_test fault.explore.${fault})
    add_test(NAME ${fault_test} COMMAND ${PROJECT_SOURCE_DIR}/checks/faults/fault_test
      $<TARGET_FILE:triecheck> ${fault_replays} ${fault} ${fault_Scenario} ${fault_Expected} ${fault_Explore})
  endif()
  set_tests_properties(${fault_test} PROPERTIES TIMEOUT 120 LABELS fault)
endmacro()

include(${CMAKE_CURRENT_LIST_DIR}/list.cmake)

# The library of the faults, and its debug twin: one after the other, as their sources differ.
foreach(twin IN LISTS triecheck_twins)
  foreach(part IN ITEMS declarations calls)
    set(fault_${part} "${fault_${part}_${twin}}")
  endforeach()
  set(faults_left_out "${faults_left_out_${twin}}")
  file(CONFIGURE OUTPUT ${fault_folder}/list_${twin}.cpp @ONLY CONTENT [[
#include "checks/verify/registry.h"

namespace triecheck::explore {

@fault_declarations@
const std::vector<fault>& faults() {
  static const std::vector<fault> all = {@fault_calls@};
  return all;
}

const std::vector<std::string>& faults_not_built() {
  static const std::vector<std::string> names = {@faults_left_out@};
  return names;
}

}  // namespace triecheck::explore
]])
  set(suffix "")
  if(twin STREQUAL "debug")
    set(suffix _debug)
  endif()
  add_library(triecheck_faults${suffix} STATIC EXCLUDE_FROM_ALL
    ${fault_folder}/list_${twin}.cpp ${fault_sources_${twin}})
  add_library(triecheck::faults${suffix} ALIAS triecheck_faults${suffix})
  target_link_libraries(triecheck_faults${suffix} PUBLIC triecheck::explore${suffix} triecheck::checks${suffix})
  set_target_properties(triecheck_faults${suffix} PROPERTIES UNITY_BUILD ON)
  if(twin STREQUAL "debug")
    triecheck_unoptimised(triecheck_faults${suffix})
    set_target_properties(triecheck_faults${suffix} PROPERTIES UNITY_BUILD_BATCH_SIZE 6)
  else()
    triecheck_warnings(triecheck_faults)  # the twin is the same text
    # Compiled often, run briefly.
    target_compile_options(triecheck_faults PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
    set_target_properties(triecheck_faults PROPERTIES UNITY_BUILD_MODE GROUP)
  endif()
endforeach()
