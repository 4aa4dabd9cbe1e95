# Read by ctest when it starts: registers each test of one GoogleTest executable under its own name. CMake's own
# gtest_discover_tests can neither set two labels nor name a typed test by the name that its author gave.
#   test_executable, test_kind, test_component, test_timeout, test_labels, test_folder, test_environment: set by
#   triecheck_test(...)
set(names)
if(EXISTS "${test_executable}")
  execute_process(COMMAND "${test_executable}" --gtest_list_tests
    OUTPUT_VARIABLE output RESULT_VARIABLE status TIMEOUT 60 WORKING_DIRECTORY "${test_folder}")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${test_executable} --gtest_list_tests failed (${status}):\n${output}")
  endif()
  # A suite is "name." at the start of a line, its tests are indented below it; behind a # are types and values.
  string(REGEX REPLACE "[ ]*#[^\n]*" "" output "${output}")
  string(REGEX MATCHALL "[^\n]+" lines "${output}")
  foreach(line IN LISTS lines)
    if(line MATCHES "^  ([^ ]+)$")
      list(APPEND names "${suite}${CMAKE_MATCH_1}")
    elseif(line MATCHES "^([^ ]+\\.)$")
      set(suite "${CMAKE_MATCH_1}")
    endif()
  endforeach()
endif()

# An executable that was not built, or that lost its tests, is a failure and not a silent pass.
if(NOT names)
  set(names "${test_component}.has_tests")
endif()

foreach(name IN LISTS names)
  string(REPLACE "DISABLED_" "" shown "${test_kind}.${name}")
  add_test("${shown}" "${test_executable}" "--gtest_filter=${name}")
  set_tests_properties("${shown}" PROPERTIES
    TIMEOUT ${test_timeout}
    LABELS "${test_labels}"
    WORKING_DIRECTORY "${test_folder}"
    ENVIRONMENT "${test_environment}"
    SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]"
    FAIL_REGULAR_EXPRESSION "\\[==========\\] Running 0 tests")
  if(name MATCHES "DISABLED_")
    set_tests_properties("${shown}" PROPERTIES DISABLED TRUE)
  endif()
endforeach()
