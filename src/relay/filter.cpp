#include "relay/filter.hpp"

#include <algorithm>
#include <boost/json/value.hpp>
#include <limits>

namespace roomwire::relay {
namespace {

namespace json = boost::json;
using signal::NostrEvent;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_hex_id(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

template <class T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

template <class T, class Value>
bool contains(const std::optional<std::vector<T>>& values, const Value& value) {
  return !values || std::binary_search(values->begin(), values->end(), value);
}

tl::unexpected<Error> invalid(std::string_view key) {
  return failure(ErrorKind::invalid_input, "the filter's " + std::string(key) + " makes no sense");
}

Result<std::vector<std::string>> parse_texts(std::string_view key, const json::value& value,
                                             const Limits& limits) {
  if (!value.is_array()) return invalid(key);
  std::vector<std::string> texts;
  texts.reserve(value.get_array().size());
  for (const json::value& entry : value.get_array()) {
    if (!entry.is_string()) return invalid(key);
    const std::string_view text = entry.get_string();
    if (text.size() > limits.value_bytes) {
      return failure(ErrorKind::limit,
                     "a value is longer than " + std::to_string(limits.value_bytes) + " bytes");
    }
    if (!key.starts_with('#') && !is_hex_id(text)) return invalid(key);
    texts.emplace_back(text);
  }
  sort_unique(texts);
  return texts;
}

Result<std::vector<std::uint16_t>> parse_kinds(const json::value& value) {
  if (!value.is_array()) return invalid("kinds");
  std::vector<std::uint16_t> kinds;
  kinds.reserve(value.get_array().size());
  for (const json::value& entry : value.get_array()) {
    const std::int64_t kind = entry.is_int64() ? entry.get_int64() : -1;
    if (kind < 0 || kind > std::numeric_limits<std::uint16_t>::max()) return invalid("kinds");
    kinds.push_back(static_cast<std::uint16_t>(kind));
  }
  sort_unique(kinds);
  return kinds;
}

/// Takes one member of the filter object; nothing when it is fine.
std::optional<Error> take_member(Filter& filter, std::string_view key, const json::value& value,
                                 const Limits& limits) {
  if (key == "kinds") {
    auto kinds = parse_kinds(value);
    if (!kinds) return kinds.error();
    filter.kinds = std::move(*kinds);
  } else if (key == "until") {
    if (!value.is_number()) return invalid(key).value();
    filter.until = value.to_number<double>();
  } else if (key == "ids" || key == "authors" ||
             (key.size() == 2 && key[0] == '#' && is_letter(key[1]))) {
    auto texts = parse_texts(key, value, limits);
    if (!texts) return texts.error();
    if (key == "ids") {
      filter.ids = std::move(*texts);
    } else if (key == "authors") {
      filter.authors = std::move(*texts);
    } else {
      filter.tags.emplace_back(key[1], std::move(*texts));
    }
  }
  return std::nullopt;
}

/// One of `values` is among the event's tags of that letter. Walks the shorter list and looks up
/// in the longer one: either may come from an enemy.
bool any_tag_fits(char letter, const std::vector<std::string>& values,
                  const std::vector<Tag>& tags) {
  const auto first = std::lower_bound(tags.begin(), tags.end(), Tag(letter, {}));
  const auto last =
      std::find_if_not(first, tags.end(), [letter](const Tag& tag) { return tag.first == letter; });
  if (static_cast<std::size_t>(last - first) < values.size()) {
    return std::any_of(first, last, [&](const Tag& tag) {
      return std::binary_search(values.begin(), values.end(), tag.second);
    });
  }
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    return std::binary_search(first, last, Tag(letter, value));
  });
}

std::string tag_key(char letter, std::string_view value) {
  std::string key = {'#', letter};
  return key.append(value);
}

}  // namespace

std::vector<Tag> searchable_tags(const NostrEvent& event) {
  std::vector<Tag> tags;
  for (const auto& tag : event.tags) {
    if (tag.size() >= 2 && tag[0].size() == 1 && is_letter(tag[0][0])) {
      tags.emplace_back(tag[0][0], tag[1]);
    }
  }
  sort_unique(tags);
  return tags;
}

std::size_t Filter::value_count() const {
  std::size_t count =
      (ids ? ids->size() : 0) + (authors ? authors->size() : 0) + (kinds ? kinds->size() : 0);
  for (const auto& [letter, values] : tags)
    count += values.size();
  return std::max<std::size_t>(1, count);
}

bool Filter::matches(const NostrEvent& event, const std::vector<Tag>& tags_of_event) const {
  return contains(kinds, event.kind) && contains(ids, event.id) &&
         contains(authors, event.pubkey) &&
         (!until || static_cast<double>(event.created_at) <= *until) &&
         std::all_of(tags.begin(), tags.end(), [&](const auto& condition) {
           return any_tag_fits(condition.first, condition.second, tags_of_event);
         });
}

std::vector<std::string> Filter::keys() const {
  std::vector<std::string> keys;
  if (ids) {
    for (const std::string& id : *ids)
      keys.push_back("i" + id);
  } else if (!tags.empty()) {
    for (const std::string& value : tags[0].second)
      keys.push_back(tag_key(tags[0].first, value));
  } else if (authors) {
    for (const std::string& author : *authors)
      keys.push_back("a" + author);
  } else if (kinds) {
    for (const std::uint16_t kind : *kinds)
      keys.push_back("k" + std::to_string(kind));
  } else {
    keys.emplace_back("*");
  }
  return keys;
}

Result<Filter> parse_filter(const json::object& object, const Limits& limits) {
  Filter filter;
  for (const auto& [key, value] : object) {
    if (auto error = take_member(filter, key, value, limits)) {
      return tl::unexpected(std::move(*error));
    }
  }
  return filter;
}

std::vector<std::string> event_keys(const NostrEvent& event,
                                    const std::vector<Tag>& tags_of_event) {
  std::vector<std::string> keys = {"*", "k" + std::to_string(event.kind), "a" + event.pubkey,
                                   "i" + event.id};
  for (const auto& [letter, value] : tags_of_event)
    keys.push_back(tag_key(letter, value));
  return keys;
}

}  // namespace roomwire::relay
