# Seeded faults: each file *.patch of this folder puts one known defect back into a copy of the shipped text.
#
# A patch opens with what the registry tells about it (Description, Breaks, Expected, and either the Scenario that shows
# it or the eviction Policy that it breaks, which the sequential property finds) and goes on as a unified diff of cache/.
# It must apply to the shipped text without fuzz, or configuring stops: a fault that rots is noticed.
# The copy lives in a namespace of its own, in the build folder, so that a faulty cache stands beside the shipped one in
# one program. It shares the sync layer's concept and the vocabulary of types with the shipped text.
find_program(PATCH_EXECUTABLE patch)
if(NOT PATCH_EXECUTABLE)
  message(FATAL_ERROR "patch is missing. On Debian: apt-get install patch (tools/setup installs all that is missing).")
endif()

set(fault_text bit_sets.h coarse.h counts.h eviction.h first_in.h frequency.h lease.h locked.h page_pool.h page_trie.h
  priority.h ranked_leaves.h recency_list.h rwlock.h segmented.h)
set(fault_folder ${CMAKE_CURRENT_BINARY_DIR}/faults)
set(triecheck_fault_sources)
set(triecheck_order_fault_sources)
set(fault_count 0)
set(fault_declarations)
set(fault_calls)
set(order_fault_declarations)
set(order_fault_calls)

# triecheck_fault(NAME): reads NAME.patch, makes the copy, and adds a source file that registers it.
macro(triecheck_fault fault)
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
    file(READ ${copy}/cache/${header} text)
    string(REPLACE "namespace triecheck {" "namespace triecheck::faults::${fault} {" text "${text}")
    string(REGEX REPLACE "#include \"(sync|types)\\.h\"" "#include \"cache/\\1.h\"" text "${text}")
    file(WRITE ${copy}/cache/${header}.new "${text}")
    file(COPY_FILE ${copy}/cache/${header}.new ${copy}/${header} ONLY_IF_DIFFERENT)
  endforeach()
  file(READ ${patch_file} text LIMIT 2000)
  set(fields Description Breaks Expected Scenario)
  if(text MATCHES "\nPolicy: ")
    set(fields Description Breaks Expected Policy)
  endif()
  foreach(field IN LISTS fields)
    if(NOT text MATCHES "(^|\n)${field}: ([^\n]+)")
      message(FATAL_ERROR "checks/faults/${fault}.patch does not say its ${field}")
    endif()
    set(fault_${field} "${CMAKE_MATCH_2}")
  endforeach()
  set(fault_Cache coarse)
  if(text MATCHES "(^|\n)Cache: ([^\n]+)")
    set(fault_Cache "${CMAKE_MATCH_2}")
  endif()
  if("Policy" IN_LIST fields)
    triecheck_register_order_fault()
  else()
    triecheck_register_explored_fault()
  endif()
endmacro()

# Found by exploring a scenario. Both continue triecheck_fault.
macro(triecheck_register_explored_fault)
  file(CONFIGURE OUTPUT ${copy}.cpp @ONLY CONTENT [[
#include "@copy@/@fault_Cache@.h"

#include "checks/cache_subject.h"
#include "checks/explore/registry.h"
#include "checks/explore/relacy_sync.h"

namespace triecheck::explore {

fault fault_@fault_name@() {
  return {"@fault_name@", "@fault_Cache@", "@fault_Description@", "@fault_Breaks@", "@fault_Expected@", "@fault_Scenario@",
          &checks::make_subject<faults::@fault_name@::@fault_Cache@_cache<relacy_sync>>};
}

}  // namespace triecheck::explore
]])
  list(APPEND triecheck_fault_sources ${copy}.cpp)
  # Several faults to a translation unit: most of the time goes into the headers that they share.
  math(EXPR fault_group "${fault_count} / 6")
  math(EXPR fault_count "${fault_count} + 1")
  set_source_files_properties(${copy}.cpp PROPERTIES UNITY_GROUP faults_${fault_group})
  string(APPEND fault_declarations "fault fault_${fault_name}();\n")
  string(APPEND fault_calls "fault_${fault_name}(), ")
  # Registered here, where the name, the scenario and the kind are known; the programs are those of tools/.
  add_test(NAME fault.explore.${fault_name} COMMAND ${PROJECT_SOURCE_DIR}/checks/faults/fault_test
    $<TARGET_FILE:triecheck> $<TARGET_FILE:triecheck-debug> ${fault_Expected}
    explore ${fault_Scenario} --fault ${fault_name} --failures none)
  set_tests_properties(fault.explore.${fault_name} PROPERTIES TIMEOUT 120 LABELS fault)
endmacro()

# Found by the sequential property, over the production layer: which page falls is not judged under concurrency.
macro(triecheck_register_order_fault)
  set(fault_policy_class ${fault_Policy})
  if(fault_Policy STREQUAL "recency")
    set(fault_policy_class recency_list)
  endif()
  file(CONFIGURE OUTPUT ${copy}.cpp @ONLY CONTENT [[
#include "@copy@/@fault_Cache@.h"
#include "@copy@/@fault_policy_class@.h"

#include "cache/sync_std.h"
#include "checks/cache_subject.h"
#include "checks/properties/order_fault.h"

namespace triecheck::checks {

order_fault order_fault_@fault_name@() {
  using policy = faults::@fault_name@::@fault_policy_class@<std_sync>;
  return {"@fault_name@", "@fault_Cache@", model::eviction_policy::@fault_Policy@, "@fault_Description@", "@fault_Breaks@",
          "@fault_Expected@", &make_subject<faults::@fault_name@::@fault_Cache@_cache<std_sync, policy>>};
}

}  // namespace triecheck::checks
]])
  list(APPEND triecheck_order_fault_sources ${copy}.cpp)
  set_source_files_properties(${copy}.cpp PROPERTIES UNITY_GROUP order_faults)
  string(APPEND order_fault_declarations "order_fault order_fault_${fault_name}();\n")
  string(APPEND order_fault_calls "order_fault_${fault_name}(), ")
  add_test(NAME fault.sequential.${fault_name} COMMAND ${PROJECT_SOURCE_DIR}/checks/faults/fault_test
    $<TARGET_FILE:triecheck> $<TARGET_FILE:triecheck-debug> ${fault_Expected} fuzz --fault ${fault_name} --cases 2000 --seed 1)
  set_tests_properties(fault.sequential.${fault_name} PROPERTIES TIMEOUT 120 LABELS fault)
endmacro()

include(${CMAKE_CURRENT_LIST_DIR}/list.cmake)

file(CONFIGURE OUTPUT ${fault_folder}/faults.cpp @ONLY CONTENT [[
#include "checks/explore/registry.h"

namespace triecheck::explore {

@fault_declarations@
const std::vector<fault>& faults() {
  static const std::vector<fault> all = {@fault_calls@};
  return all;
}

}  // namespace triecheck::explore
]])
list(APPEND triecheck_fault_sources ${fault_folder}/faults.cpp)

file(CONFIGURE OUTPUT ${fault_folder}/order_faults.cpp @ONLY CONTENT [[
#include "checks/properties/order_fault.h"

namespace triecheck::checks {

@order_fault_declarations@
const std::vector<order_fault>& order_faults() {
  static const std::vector<order_fault> all = {@order_fault_calls@};
  return all;
}

}  // namespace triecheck::checks
]])
list(APPEND triecheck_order_fault_sources ${fault_folder}/order_faults.cpp)
