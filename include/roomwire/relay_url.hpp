// Where a relay is, and what is spoken there.
#pragma once

#include <roomwire/error.hpp>
#include <roomwire/export.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace roomwire {

/// A place where peers find each other. One URL may be both kinds, and is two relays then.
class ROOMWIRE_EXPORT RelayUrl {
 public:
  enum class Kind {
    nostr,     ///< A Nostr relay (NIP-01), Trystero's default strategy.
    ws_relay,  ///< Trystero's own WebSocket relay (0.25 and later).
  };

  /// ws:// or wss:// with a host, and any port, path and query. Fails with invalid_input, and says
  /// what to write instead.
  static Result<RelayUrl> parse(std::string_view text, Kind kind = Kind::nostr);

  Kind kind() const { return kind_; }
  const std::string& url() const { return url_; }

  /// The same place as a guess: it may be no relay at all, such as the server of a page. When
  /// another kind of server answers there, or one that passes nothing on, it is left alone, and
  /// nothing is said of it.
  RelayUrl as_guess() const {
    RelayUrl guess = *this;
    guess.is_guess_ = true;
    return guess;
  }
  bool is_guess() const { return is_guess_; }

  bool operator==(const RelayUrl&) const = default;

 private:
  RelayUrl(Kind kind, std::string url) : kind_(kind), url_(std::move(url)) {}

  Kind kind_;
  std::string url_;
  bool is_guess_ = false;
};

}  // namespace roomwire
