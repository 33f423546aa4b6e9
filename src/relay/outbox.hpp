// What the protocols need of the relay that they are part of.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace roomwire::relay {

/// A client, numbered in the order of coming.
enum class SessionId : std::uint64_t {};

using SharedText = std::shared_ptr<const std::string>;

inline SharedText share(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

class Outbox {
 public:
  virtual ~Outbox() = default;
  /// Never closes the session before the caller is done.
  virtual void send(SessionId session, const SharedText& text) = 0;
};

}  // namespace roomwire::relay
