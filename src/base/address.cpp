#include "base/address.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "base/number.hpp"

namespace roomwire {

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> bytes) {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> bytes, std::uint32_t scope) {
  static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), bytes.begin())) {
    return v4({bytes[12], bytes[13], bytes[14], bytes[15]});
  }
  IpAddress address;
  address.bytes_ = bytes;
  address.v4_ = false;
  return address.with_scope(scope);
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::uint32_t scope = 0;
  const std::size_t percent = text.find('%');
  if (percent != std::string_view::npos) {
    const auto number = parse_number<std::uint32_t>(text.substr(percent + 1));
    if (!number) return std::nullopt;
    scope = *number;
  }
  const std::string host(text.substr(0, percent));
  std::array<std::uint8_t, 16> six{};
  if (inet_pton(AF_INET6, host.c_str(), six.data()) == 1) return v6(six, scope);
  std::array<std::uint8_t, 4> four{};
  if (percent == std::string_view::npos && inet_pton(AF_INET, host.c_str(), four.data()) == 1) {
    return v4(four);
  }
  return std::nullopt;
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::is_link_local() const {
  if (v4_) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const {
  return v4_ ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool IpAddress::is_unspecified() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](auto b) { return b == 0; });
}

IpAddress IpAddress::with_scope(std::uint32_t scope) const {
  IpAddress out = *this;
  if (needs_scope()) out.scope_ = scope;
  return out;
}

std::string_view IpAddress::bytes() const {
  return {reinterpret_cast<const char*>(bytes_.data()), v4_ ? 4U : 16U};
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  std::string out = text.data();
  if (scope_ != 0) out += "%" + std::to_string(scope_);
  return out;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!address || !port || (host.find(':') != std::string_view::npos) != bracketed)
    return std::nullopt;
  return Endpoint{*address, *port};
}

std::string Endpoint::to_string() const {
  const std::string host = address.is_v4() ? address.to_string() : "[" + address.to_string() + "]";
  return host + ":" + std::to_string(port);
}

}  // namespace roomwire

std::size_t std::hash<roomwire::Endpoint>::operator()(
    const roomwire::Endpoint& endpoint) const noexcept {
  const std::size_t address = std::hash<std::string_view>{}(endpoint.address.bytes());
  return address * 31 + endpoint.port;
}
