# chainrule_embed(target HEADER header NAMESPACE namespace FILES name path...) embeds text files in a target. Each file becomes the
# `extern const std::string_view name` that the header declares in the namespace.
# Run as a script (cmake -P) with OUTPUT, HEADER, NAMESPACE and FILES, this file writes the source file.
if(CMAKE_SCRIPT_MODE_FILE)
  set(source "#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\n")
  while(FILES)
    list(POP_FRONT FILES name path)
    file(READ ${path} text)
    string(APPEND source "\nconst std::string_view ${name} = R\"embedded(${text})embedded\";\n")
  endwhile()
  file(WRITE ${OUTPUT} "${source}\n}  // namespace ${NAMESPACE}\n")
  return()
endif()

function(chainrule_embed target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "HEADER;NAMESPACE" "FILES")
  set(script ${PROJECT_SOURCE_DIR}/cmake/ChainruleEmbed.cmake)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cpp)
  set(files "")
  set(paths "")
  while(arg_FILES)
    list(POP_FRONT arg_FILES name path)
    list(APPEND files ${name} ${PROJECT_SOURCE_DIR}/${path})
    list(APPEND paths ${PROJECT_SOURCE_DIR}/${path})
  endwhile()
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -D OUTPUT=${output} -D HEADER=${arg_HEADER} -D NAMESPACE=${arg_NAMESPACE} -D "FILES=${files}" -P ${script}
    DEPENDS ${paths} ${script}
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
