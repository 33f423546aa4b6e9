// The two DNS messages of a one-shot multicast DNS lookup (RFC 1035 section 4, RFC 6762).
#pragma once

#include <base/address.hpp>
#include <cstdint>
#include <optional>
#include <roomwire/payload.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace roomwire::net {

/// Dot-separated labels of 1 to 63 bytes, at most 253 bytes in all, a trailing dot allowed.
bool is_dns_name(std::string_view name);

enum class MdnsType : std::uint16_t { a = 1, aaaa = 28 };

/// Asks for one record of `name`, which is_dns_name(). One question a message: Chromium's
/// responder reads no more (services/network/mdns_responder.cc).
Bytes mdns_query(std::uint16_t id, std::string_view name, MdnsType type);

struct MdnsAnswer {
  std::string name;  ///< Lower case, without a trailing dot.
  IpAddress address;
};

struct MdnsResponse {
  std::uint16_t id = 0;
  std::vector<MdnsAnswer> answers;  ///< A and AAAA of class IN, from all sections; at most 64.
};

/// From a hostile network: nothing when it is not a whole, well-formed response (a query, an
/// error code, a name that loops or is too long, records cut short). Records of other types are
/// skipped, and so are addresses that nobody can be reached at (multicast, unspecified).
std::optional<MdnsResponse> parse_mdns_response(ByteView message);

}  // namespace roomwire::net
