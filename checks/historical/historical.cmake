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
  set(row "    {\"${description}\", \"${kind}\", \"${scenario}\"},\n")
  set(defect_rows "${defect_rows}${row}" PARENT_SCOPE)
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
function(triecheck_historical name timeout label)
  add_test(NAME historical.cache.${name} COMMAND triecheck ${ARGN} --cache historical)
  set_tests_properties(historical.cache.${name} PROPERTIES TIMEOUT ${timeout} LABELS ${label})
endfunction()
triecheck_historical(passes_workloads 60 property fuzz --cases 300 --seed 1)
triecheck_historical(passes_workloads_of_threads_in_turn 60 property fuzz --cases 200 --seed 1 --threads 3)
triecheck_historical(passes_every_scenario_within_one_preemption 60 scenario
  explore --strategy bounded --preemptions 1 --failures none)
triecheck_historical(passes_every_scenario 900 campaign explore --jobs 2 --failures none)
