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

set(config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/roomwire")
install(EXPORT roomwireTargets NAMESPACE roomwire:: DESTINATION "${config_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/roomwireConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/roomwireConfig.cmake" INSTALL_DESTINATION "${config_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/roomwireConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/roomwireConfig.cmake"
  "${PROJECT_BINARY_DIR}/roomwireConfigVersion.cmake" DESTINATION "${config_dir}")
