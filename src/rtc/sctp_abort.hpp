// Why an SCTP association was aborted, in words.
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace roomwire::rtc {

/// The first error cause of an ABORT chunk, of which `chunk` is all from its header on (RFC 9260
/// sections 3.3.7 and 3.3.10); empty when it names none. Text of the peer is shortened, and
/// printable ASCII.
std::string abort_cause(ByteView chunk);

}  // namespace roomwire::rtc
