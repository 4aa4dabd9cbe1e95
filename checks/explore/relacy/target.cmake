# triecheck_relacy_target(TARGET FOLDER): what includes Relacy's headers, which lie in FOLDER/relacy, links TARGET. The
# installed package makes the target with this text, too.
function(triecheck_relacy_target target folder)
  target_include_directories(${target} SYSTEM INTERFACE ${folder})
  # Fibers leave a stack with longjmp, which a fortified libc takes for an attack and aborts.
  target_compile_options(${target} INTERFACE -U_FORTIFY_SOURCE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Relacy marks a destroyed atomic by a store in its destructor; g++ drops that store unless it is told that it is
    # read.
    target_compile_options(${target} INTERFACE -fno-lifetime-dse)
    # Relacy replaces operator new in a header and indexes arrays of one element by a thread that is never there; g++
    # warns of both in the text that includes it.
    target_compile_options(${target} INTERFACE -Wno-mismatched-new-delete -Wno-array-bounds)
  else()
    # Relacy defines `$` as a macro; our headers only undefine it.
    target_compile_options(${target} INTERFACE -Wno-dollar-in-identifier-extension)
  endif()
endfunction()
