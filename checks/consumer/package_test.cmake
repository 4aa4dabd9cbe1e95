# Installs the package into an empty prefix, builds the consumer against it, and runs it. Called by ctest with
#   -Dbuild=<build folder> -Dconfig=<build type> -Dconsumer=<this folder> -Dscratch=<folder to use>
#   -Dgenerator=<generator> -Dmake=<its program> -Dcompiler=<compiler> -Dflags=<its flags>
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
step("configuring the consumer" ${CMAKE_COMMAND} -S ${consumer} -B ${scratch}/build -G ${generator}
  -DCMAKE_MAKE_PROGRAM=${make} -DCMAKE_CXX_COMPILER=${compiler} "-DCMAKE_CXX_FLAGS=${flags}"
  -DCMAKE_BUILD_TYPE=${config} -DCMAKE_PREFIX_PATH=${scratch}/moved -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
step("building the consumer" ${CMAKE_COMMAND} --build ${scratch}/build --parallel 2)
step("running the consumer" ${CMAKE_CTEST_COMMAND} --test-dir ${scratch}/build --output-on-failure --no-tests=error)
