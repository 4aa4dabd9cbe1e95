# The historical cache in the library of the explorer, and a test for each of its defects
# (list.cmake).
#
# Configuring stops where a number is missing, or listed twice.
set(defect_rows)
set(defects_listed 0)

# triecheck_defect(NUMBER SCENARIO KIND DESCRIPTION [EXPLORE-OPTION...]): the next defect. A row of
# the generated table, and a test.
function(triecheck_defect number scenario kind description)
  math(EXPR expected "${defects_listed} + 1")
  if(NOT number EQUAL expected)
    message(FATAL_ERROR "checks/historical/list.cmake: defect ${number} comes where ${expected} is due")
  endif()
  set(defects_listed ${number} PARENT_SCOPE)
  set(defect_rows "${defect_rows}    {\"${description}\", \"${kind}\", \"${scenario}\"},\n" PARENT_SCOPE)
  set(own ${PROJECT_SOURCE_DIR}/checks/historical/scenarios/${scenario}.toml)
  if(EXISTS ${own})
    set(scenario ${own})
  endif()
  string(LENGTH ${number} digits)
  if(digits EQUAL 1)
    set(number 0${number})
  endif()
  add_test(NAME historical.defect.${number} COMMAND ${PROJECT_SOURCE_DIR}/checks/historical/defect_test
    $<TARGET_FILE:triecheck> $<TARGET_FILE:triecheck-debug> ${number} ${scenario} ${kind} ${ARGN})
  set_tests_properties(historical.defect.${number} PROPERTIES TIMEOUT 30 LABELS fault)
endfunction()

include(${CMAKE_CURRENT_LIST_DIR}/list.cmake)
if(NOT defects_listed EQUAL 33)
  message(FATAL_ERROR "checks/historical/list.cmake lists ${defects_listed} defects of 33")
endif()

set(defect_table ${CMAKE_CURRENT_BINARY_DIR}/historical/list.cpp)
file(CONFIGURE OUTPUT ${defect_table} @ONLY CONTENT [[
#include "checks/historical/list.h"

namespace triecheck::historical {

const std::array<listed_defect, defect_count> list = {{
@defect_rows@}};

}  // namespace triecheck::historical
]])
set(historical_sources ${PROJECT_SOURCE_DIR}/checks/historical/explored.cpp ${defect_table})

# All switches off: what the other caches are held to. Every scenario within one preemption, as the
# whole spaces take longer.
set(workloads --cache historical --seed 1 --cases)
add_test(NAME historical.cache.passes_workloads COMMAND triecheck fuzz ${workloads} 300)
add_test(NAME historical.cache.passes_workloads_of_threads_in_turn COMMAND triecheck fuzz ${workloads} 200 --threads 3)
add_test(NAME historical.cache.passes_every_scenario_within_one_preemption
  COMMAND triecheck explore --cache historical --strategy bounded --preemptions 1 --failures none)
add_test(NAME historical.cache.passes_every_scenario COMMAND triecheck explore --cache historical --jobs 2 --failures none)
set_tests_properties(historical.cache.passes_workloads historical.cache.passes_workloads_of_threads_in_turn
  historical.cache.passes_every_scenario_within_one_preemption PROPERTIES TIMEOUT 60 LABELS historical)
set_tests_properties(historical.cache.passes_every_scenario PROPERTIES TIMEOUT 900 LABELS "historical;campaign")
