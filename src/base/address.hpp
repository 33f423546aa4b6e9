// IP addresses and endpoints, without a socket in sight.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace roomwire {

/// Each address has one form, so that those who compare need not think of others: ::ffff:1.2.3.4
/// is 1.2.3.4, and a scope is kept only where it says something.
class IpAddress {
 public:
  /// 0.0.0.0
  IpAddress() = default;
  static IpAddress v4(std::array<std::uint8_t, 4> bytes);
  /// `scope` is the index of an interface; 0 and of no effect for an address that needs none.
  static IpAddress v6(std::array<std::uint8_t, 16> bytes, std::uint32_t scope = 0);
  /// Dotted IPv4 or IPv6 without brackets, a numeric %scope allowed; nothing when it is neither.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const { return v4_; }
  bool is_v6() const { return !v4_; }
  bool is_loopback() const;
  /// 169.254/16 or fe80::/10.
  bool is_link_local() const;
  bool is_multicast() const;
  /// 0.0.0.0 or ::
  bool is_unspecified() const;

  /// 4 or 16 bytes, network order.
  std::string_view bytes() const;
  /// Interface index of a link-local or multicast IPv6 address, else 0. What sockets give has it;
  /// what a peer says has none, for it counts its interfaces itself.
  std::uint32_t scope() const { return scope_; }
  /// As the interface of that index has it; the address itself where a scope says nothing.
  IpAddress with_scope(std::uint32_t scope) const;
  std::string to_string() const;
  auto operator<=>(const IpAddress&) const = default;

 private:
  bool needs_scope() const { return !v4_ && (is_link_local() || is_multicast()); }

  std::array<std::uint8_t, 16> bytes_{};
  std::uint32_t scope_ = 0;
  bool v4_ = true;
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  /// `1.2.3.4:5` or `[::1]:5`; nothing when it is neither. A host name is not an endpoint.
  static std::optional<Endpoint> parse(std::string_view text);
  std::string to_string() const;
  Endpoint with_scope(std::uint32_t scope) const { return {address.with_scope(scope), port}; }
  auto operator<=>(const Endpoint&) const = default;
};

}  // namespace roomwire

template <>
struct std::hash<roomwire::Endpoint> {
  std::size_t operator()(const roomwire::Endpoint& endpoint) const noexcept;
};
