# The page in the browser (web/) is built by npm and becomes a part of the program.
option(ROOMWIRE_WEB "Build the page into the program (needs Node 20 and npm)" ON)

# roomwire_page(TARGET): adds page::files() to it.
function(roomwire_page target)
  set(web "${PROJECT_SOURCE_DIR}/web")
  # What script/setup brings where the system's Node is too old.
  find_program(ROOMWIRE_NODE node HINTS "${PROJECT_SOURCE_DIR}/build/node/bin")
  find_program(ROOMWIRE_NPM npm)
  set(missing "")
  if(NOT ROOMWIRE_WEB)
    set(missing "ROOMWIRE_WEB is off")
  elseif(NOT ROOMWIRE_NODE OR NOT ROOMWIRE_NPM)
    set(missing "Node or npm is not installed")
  elseif(NOT EXISTS "${web}/node_modules")
    set(missing "npm ci was not run in web/")
  endif()
  if(missing)
    message(STATUS "The page is left out: ${missing}")
    target_sources(${target} PRIVATE "${PROJECT_SOURCE_DIR}/cmake/no-page.cpp")
    return()
  endif()

  set(out "${CMAKE_CURRENT_BINARY_DIR}/page")
  file(GLOB_RECURSE inputs CONFIGURE_DEPENDS "${web}/src/*" "${web}/public/*")
  file(GLOB top CONFIGURE_DEPENDS "${web}/*.html" "${web}/*.json" "${web}/*.ts" "${web}/*.mjs")
  cmake_path(GET ROOMWIRE_NODE PARENT_PATH node_folder)
  add_custom_command(OUTPUT "${out}/page_files.cpp"
    COMMAND "${CMAKE_COMMAND}" -E env "PATH=${node_folder}:$ENV{PATH}"
      "${ROOMWIRE_NPM}" run --silent build
    COMMAND "${ROOMWIRE_NODE}" "${PROJECT_SOURCE_DIR}/cmake/embed-page.mjs" "${web}/dist" "${out}"
    DEPENDS ${inputs} ${top} "${PROJECT_SOURCE_DIR}/cmake/embed-page.mjs"
    WORKING_DIRECTORY "${web}" COMMENT "Building the page" VERBATIM)
  target_sources(${target} PRIVATE "${out}/page_files.cpp")
endfunction()
