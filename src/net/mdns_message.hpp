// The messages of multicast DNS (RFC 1035 section 4, RFC 6762).
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

enum class MdnsType : std::uint16_t { a = 1, ptr = 12, txt = 16, aaaa = 28, srv = 33, any = 255 };

/// Asks for one record of `name`, which is_dns_name(). One question a message: Chromium's
/// responder reads no more (services/network/mdns_responder.cc).
Bytes mdns_query(std::uint16_t id, std::string_view name, MdnsType type);

struct MdnsQuestion {
  std::string name;  ///< Of messages that came: lower case. Without a trailing dot.
  MdnsType type{};   ///< Any number.
};

struct MdnsRecord {
  std::string name;  ///< As that of a question.
  MdnsType type{};
  std::uint32_t time_to_live = 0;  ///< In seconds; 0 takes the record back.
  /// There is no other record of this name and type (RFC 6762 section 10.2).
  bool unique = false;
  /// As on the wire. A name in it (PTR, SRV) is whole, and lower case when it came.
  Bytes data;

  bool operator==(const MdnsRecord&) const = default;
};

struct MdnsMessage {
  std::uint16_t id = 0;
  bool is_response = false;
  std::vector<MdnsQuestion> questions;
  std::vector<MdnsRecord> answers;      ///< In a query: what the asker knows already.
  std::vector<MdnsRecord> authorities;  ///< In a query: what the asker is about to claim.
  std::vector<MdnsRecord> additionals;
};

/// From a hostile network: nothing when it is not a whole, well-formed message without an error
/// code. At most 64 entries of each section are given; those of other classes than IN are not.
std::optional<MdnsMessage> parse_mdns_message(ByteView message);

/// Whose names are is_dns_name(). Class IN.
Bytes mdns_message(const MdnsMessage& message);

/// A name as it is on the wire, for the data of records.
Bytes mdns_name(std::string_view name);

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
