// Names of peers, rooms and apps: a type each, so that none is taken for another.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace roomwire {

/// A string that means one thing. Compares byte by byte, as JavaScript's `<` does for the
/// alphabet of peer ids.
template <class Tag>
class StrongString {
 public:
  StrongString() = default;
  explicit StrongString(std::string value) : value_(std::move(value)) {}

  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  auto operator<=>(const StrongString&) const = default;

 private:
  std::string value_;
};

/// A peer: 20 characters of 0-9A-Za-z, drawn anew by every process (Trystero's `selfId`).
using PeerId = StrongString<struct PeerIdTag>;
/// A room: any text that is not empty. Whoever knows it can join.
using RoomId = StrongString<struct RoomIdTag>;
/// The app that a room belongs to; `patchies` for rooms of Patchies.
using AppId = StrongString<struct AppIdTag>;

}  // namespace roomwire

template <class Tag>
struct std::hash<roomwire::StrongString<Tag>> {
  std::size_t operator()(const roomwire::StrongString<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
