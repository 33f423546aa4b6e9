// The page in the browser, as it is built into this program.
#pragma once

#include <vector>

#include "relay/site.hpp"

namespace roomwire::page {

/// The files of web/dist; none when the program was built without them (ROOMWIRE_WEB).
/// Defined by what cmake/embed-page.mjs writes, or by cmake/no-page.cpp.
const std::vector<relay::SiteFile>& files();

}  // namespace roomwire::page
