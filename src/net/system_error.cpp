#include "net/system_error.hpp"

#include <cerrno>
#include <system_error>

namespace roomwire::net {
namespace {

ErrorCode code_of(int error) {
  switch (error) {
    case EADDRINUSE:
      return ErrorCode::address_in_use;
    case EADDRNOTAVAIL:
      return ErrorCode::address_not_here;
    case EACCES:
    case EPERM:
      return ErrorCode::permission_denied;
    case ENETUNREACH:
    case ENETDOWN:
      return ErrorCode::no_network;
    default:
      return ErrorCode::other;
  }
}

}  // namespace

Error system_error(const std::string& what, int error) {
  const std::string reason = std::generic_category().message(error);
  return {ErrorKind::unavailable, what.empty() ? reason : what + ": " + reason, code_of(error)};
}

}  // namespace roomwire::net
