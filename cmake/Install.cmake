# cmake --install, and find_package(roomwire) for those who build on it.
include(CMakePackageConfigHelpers)

install(TARGETS roomwire EXPORT roomwireTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(TARGET roomwire_cli)
  install(TARGETS roomwire_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/roomwire"
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# For those who build with pkg-config: what a static library needs must be said without --static.
set(pc_requires "openssl usrsctp libsecp256k1")
set(pc_libs "-lboost_json -lboost_url -pthread")
if(BUILD_SHARED_LIBS)
  set(pc_fields "Requires.private: ${pc_requires}\nLibs.private: ${pc_libs}")
  set(pc_libs "")
else()
  set(pc_fields "Requires: ${pc_requires}")
  string(PREPEND pc_libs " ")
endif()
set(pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
# As far from the file to the prefix as the file is deep, so that the whole may be moved.
file(RELATIVE_PATH pc_prefix "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/roomwire.pc.in" "${PROJECT_BINARY_DIR}/roomwire.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/roomwire.pc" DESTINATION "${pc_dir}")

set(config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/roomwire")
install(EXPORT roomwireTargets NAMESPACE roomwire:: DESTINATION "${config_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/roomwireConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/roomwireConfig.cmake" INSTALL_DESTINATION "${config_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/roomwireConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/roomwireConfig.cmake"
  "${PROJECT_BINARY_DIR}/roomwireConfigVersion.cmake" DESTINATION "${config_dir}")
