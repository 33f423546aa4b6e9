# The folders are the architecture. A layer is a folder of src/ and a static library; it sees the
# headers of the layers that it names in USES (and of those below them) and of no others: each
# layer's headers are reached through a folder of their own in the build tree that holds one link,
# so `#include "room/room.hpp"` from a layer that may not know rooms finds no file.
set(ROOMWIRE_LAYERS "" CACHE INTERNAL "")

add_library(roomwire_flags INTERFACE)
target_compile_features(roomwire_flags INTERFACE cxx_std_20)
target_compile_options(roomwire_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Optimising, GCC 12 sees an overlap in `"text" + string` (GCC bug 105651) and an overflow in a
  # vector that grows (105329) where there are none.
  target_compile_options(roomwire_flags INTERFACE -Wno-restrict -Wno-stringop-overflow
    -Wno-stringop-overread -Wno-array-bounds)
endif()
if(ROOMWIRE_WERROR)
  target_compile_options(roomwire_flags INTERFACE -Werror)
endif()
if(ROOMWIRE_SANITIZE)
  target_compile_options(roomwire_flags INTERFACE -fsanitize=${ROOMWIRE_SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(roomwire_flags INTERFACE -fsanitize=${ROOMWIRE_SANITIZE})
endif()

# roomwire_layer(NAME USES layer… LIBRARIES target…): the layer made of src/NAME/*.cpp and the
# folders within.
function(roomwire_layer name)
  cmake_parse_arguments(arg "" "" "USES;LIBRARIES" ${ARGN})
  set(view "${PROJECT_BINARY_DIR}/layers/${name}")
  file(MAKE_DIRECTORY "${view}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}/${name}" "${view}/${name}" SYMBOLIC)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp")
  add_library(layer_${name} STATIC ${sources})
  set_target_properties(layer_${name} PROPERTIES OUTPUT_NAME "roomwire_${name}"
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_include_directories(layer_${name} PUBLIC "${view}" "${PROJECT_SOURCE_DIR}/include")
  list(TRANSFORM arg_USES PREPEND "layer_")
  target_link_libraries(layer_${name} PUBLIC ${arg_USES} ${arg_LIBRARIES}
    PRIVATE $<BUILD_INTERFACE:roomwire_flags>)
  set(ROOMWIRE_LAYERS ${ROOMWIRE_LAYERS} ${name} CACHE INTERNAL "")
endfunction()
