# Installs the package into an empty prefix, builds the consumer against it, and runs it. Called by ctest with
#   -Dbuild=<build folder> -Dconfig=<build type> -Dconsumer=<this folder> -Dscratch=<folder to use>
#   -Dgenerator=<generator> -Dmake=<its program> -Dcompiler=<compiler> -Dflags=<its flags>
#   -Dexplorer=<whether the build has one>
function(step what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${what} failed:\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${scratch})
step("installing" ${CMAKE_COMMAND} --install ${build} --config "${config}" --prefix ${scratch}/prefix)
# The prefix may be moved after the installation, as packagers do.
file(RENAME ${scratch}/prefix ${scratch}/moved)
# The installed program finds the scenarios that were installed with it, wherever the prefix is now.
set(scenarios ${scratch}/moved/share/triecheck/scenarios)
configure_file(${scenarios}/clear_against_lookup.toml ${scenarios}/only_in_this_prefix.toml COPYONLY)
file(MAKE_DIRECTORY ${scratch}/elsewhere)
execute_process(COMMAND ${scratch}/moved/bin/triecheck list WORKING_DIRECTORY ${scratch}/elsewhere
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0 OR NOT output MATCHES "only_in_this_prefix")
  message(FATAL_ERROR "the installed triecheck does not list the installed scenarios:\n${output}")
endif()
if(explorer)
  step("exploring with the installed program" ${CMAKE_COMMAND} -E chdir ${scratch}/elsewhere
    ${scratch}/moved/bin/triecheck explore only_in_this_prefix --cache coarse)
  # Called by name, it prints a command that runs by name.
  set(ENV{PATH} "${scratch}/moved/bin:$ENV{PATH}")
  execute_process(
    COMMAND sh -c "triecheck explore three_releases_of_one_prefix --fault release_without_the_mutex | tail -n 1 >again && sh ./again"
    WORKING_DIRECTORY ${scratch}/elsewhere RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  file(READ ${scratch}/elsewhere/again again)
  if(NOT status EQUAL 1 OR NOT again MATCHES "^triecheck replay " OR NOT output MATCHES "\ndata-race: ")
    message(FATAL_ERROR "the command that the installed program printed last does not replay: ${again}\n${output}")
  endif()
endif()
step("configuring the consumer" ${CMAKE_COMMAND} -S ${consumer} -B ${scratch}/build -G ${generator}
  -DCMAKE_MAKE_PROGRAM=${make} -DCMAKE_CXX_COMPILER=${compiler} "-DCMAKE_CXX_FLAGS=${flags}"
  -DCMAKE_BUILD_TYPE=${config} -DCMAKE_PREFIX_PATH=${scratch}/moved -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF -DEXPLORE=${explorer})
step("building the consumer" ${CMAKE_COMMAND} --build ${scratch}/build --parallel 2)
step("running the consumer" ${CMAKE_CTEST_COMMAND} --test-dir ${scratch}/build --output-on-failure --no-tests=error)
