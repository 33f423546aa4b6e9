// Stands in for the page in a program that is built without it.
#include "page/page.hpp"

namespace roomwire::page {

const std::vector<relay::SiteFile>& files() {
  static const std::vector<relay::SiteFile> none;
  return none;
}

}  // namespace roomwire::page
