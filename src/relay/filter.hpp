// The filters of Nostr subscriptions (NIP-01, "Communication between clients and relays").
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <roomwire/error.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "relay/limits.hpp"
#include "signal/nostr_event.hpp"

namespace roomwire::relay {

/// A tag's letter and its first value, as filters ask for them.
using Tag = std::pair<char, std::string_view>;

/// The tags of an event that filters can ask for, sorted, each once. Views into the event.
std::vector<Tag> searchable_tags(const signal::NostrEvent& event);

/// What a client wants to hear of. A condition that is not set lets everything pass; an empty one
/// lets nothing pass.
///
/// `since` and `limit` are not kept: they speak of stored events, and nothing is stored. To apply
/// `since` to live events would keep machines with a wrong clock (a Raspberry Pi without
/// internet) from being heard.
struct Filter {
  std::optional<std::vector<std::string>> ids;  ///< Sorted, as the ones below.
  std::optional<std::vector<std::string>> authors;
  std::optional<std::vector<std::uint16_t>> kinds;
  std::optional<double> until;                                  ///< Unix seconds.
  std::vector<std::pair<char, std::vector<std::string>>> tags;  ///< All of them must fit.

  /// At least 1.
  std::size_t value_count() const;
  /// `tags` are the event's own, from searchable_tags.
  bool matches(const signal::NostrEvent& event, const std::vector<Tag>& tags_of_event) const;

  /// Every event that matches has one of these among its event_keys; the condition that tells
  /// most is taken.
  std::vector<std::string> keys() const;
};

/// Fails with invalid_input (it is no filter) or with limit (a value is too long).
Result<Filter> parse_filter(const boost::json::object& object, const Limits& limits);

/// Under which keys the filters stand that an event may match.
std::vector<std::string> event_keys(const signal::NostrEvent& event,
                                    const std::vector<Tag>& tags_of_event);

}  // namespace roomwire::relay
