#include "dmx/message.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>
#include <string_view>

#include "base/json_value.hpp"
#include "base/number.hpp"

namespace roomwire::dmx {
namespace {

namespace json = boost::json;

/// An array of {"universe","channels":[{"channel","value"}]}.
constexpr std::size_t max_level_depth = 8;

std::string printed(const json::value& value) {
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  if (value.is_string()) return in_quotes(value.get_string());
  if (value.is_double()) {
    std::array<char, 32> digits{};
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), value.get_double());
    return {digits.data(), end.ptr};
  }
  return json::serialize(value);
}

std::optional<double> number_in(const json::value& value) {
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  if (value.is_double()) return value.get_double();
  return std::nullopt;
}

/// A whole number of at most `max`.
std::optional<std::uint32_t> whole_number_in(const json::value& value, std::uint32_t max) {
  const auto number = number_in(value);
  if (!number || !(*number >= 0 && *number <= max) || std::floor(*number) != *number) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*number);
}

class LevelReader {
 public:
  LevelReader(ChannelBase base, std::uint16_t full, FromRoom& out)
      : base_(static_cast<std::uint32_t>(base)), full_(full), out_(out) {}

  void read(const json::value& value) {
    read_any(value);
    out_.looks_like_fractions = has_fraction_ && !has_more_;
  }

  void refuse_rest_of_row(std::size_t size) {
    refuse(RefusalKind::limit, std::to_string(size) +
                                   " values, where a universe has 512: the last " +
                                   std::to_string(size - slot_count) + " are left out");
  }

 private:
  using Universe = std::optional<RoomUniverse>;

  void read_any(const json::value& value) {
    if (value.is_array()) {
      read_array(value.get_array(), std::nullopt);
    } else if (value.is_object()) {
      read_object(value.get_object());
    } else {
      refuse(RefusalKind::malformed, printed(value) +
                                         " is no message for lights: send [{\"channel\","
                                         "\"value\"},...] or [value,...]");
    }
  }

  /// What is not an array of objects is a row of values.
  void read_array(const json::array& array, const Universe& universe) {
    const bool objects =
        std::any_of(array.begin(), array.end(), [](const auto& item) { return item.is_object(); });
    if (!objects) {
      read_row(array, universe);
      return;
    }
    for (std::size_t i = 0; i < array.size(); ++i) {
      const Place place(*this, "item " + std::to_string(i + 1));
      if (!array[i].is_object()) {
        refuse(RefusalKind::malformed, printed(array[i]) + R"( is not {"channel","value"})");
      } else if (universe) {
        read_channel(array[i].get_object(), universe);
      } else {
        read_object(array[i].get_object());
      }
    }
  }

  void read_row(const json::array& array, const Universe& universe) {
    if (array.size() > slot_count) refuse_rest_of_row(array.size());
    const std::size_t count = std::min(array.size(), slot_count);
    for (std::size_t slot = 0; slot < count; ++slot) {
      const Place place(*this, "value " + std::to_string(slot + 1));
      if (const auto level = level_in(array[slot])) set(universe, slot, *level, false);
    }
  }

  void read_object(const json::object& object) {
    Universe universe;
    if (const json::value* named = object.if_contains("universe")) {
      universe = universe_in(*named);
      if (!universe) return;
    }
    if (const json::value* type = object.if_contains("type")) {
      read_command(*type, universe);
    } else if (const json::value* channels = object.if_contains("channels")) {
      read_channels(*channels, universe);
    } else {
      read_channel(object, universe);
    }
  }

  void read_command(const json::value& type, const Universe& universe) {
    if (!type.is_string() || type.get_string() != "blackout") {
      refuse(RefusalKind::malformed,
             "type " + printed(type) + " is not known: there is \"blackout\"");
      return;
    }
    if (Update* update = update_of(universe)) {
      *update = Update::blackout();
      update->universe = universe;
    }
  }

  void read_channels(const json::value& channels, const Universe& universe) {
    if (channels.is_array()) {
      read_array_of(channels.get_array(), universe);
    } else if (channels.is_object()) {
      for (const auto& [key, value] : channels.get_object()) {
        const auto number = parse_number<std::uint32_t>(key);
        const auto slot = number ? slot_of(*number) : std::nullopt;
        if (!number)
          refuse(RefusalKind::channel, "channel " + in_quotes(key) + " is not a whole number");
        if (!slot) continue;
        const Place place(*this, "channel " + std::to_string(*number));
        if (const auto level = level_in(value)) set(universe, *slot, *level, true);
      }
    } else {
      refuse(RefusalKind::malformed,
             R"("channels" is )" + printed(channels) + ", neither an array nor an object");
    }
  }

  /// "channels":[…], in which no other universe can be named.
  void read_array_of(const json::array& array, const Universe& universe) {
    const Place place(*this, "channels");
    read_array(array, universe);
  }

  void read_channel(const json::object& object, const Universe& universe) {
    const json::value* channel = object.if_contains("channel");
    const json::value* value = object.if_contains("value");
    if (channel == nullptr || value == nullptr) {
      refuse(RefusalKind::malformed, channel != nullptr ? R"(a "channel" without a "value")"
                                                        : R"(an object without a "channel")");
      return;
    }
    const auto number = whole_number_in(*channel, UINT32_MAX);
    if (!number) {
      refuse(RefusalKind::channel,
             "channel " + printed(*channel) + " is not a whole number from " + channel_range());
      return;
    }
    const auto slot = slot_of(*number);
    if (!slot) return;
    const Place place(*this, "channel " + std::to_string(*number));
    if (const auto level = level_in(*value)) set(universe, *slot, *level, true);
  }

  std::string channel_range() const {
    return std::to_string(base_) + " to " + std::to_string(base_ + slot_count - 1);
  }

  std::optional<std::size_t> slot_of(std::uint32_t channel) {
    if (channel >= base_ && channel - base_ < slot_count) return channel - base_;
    if (base_ == 0 && channel == slot_count) {
      refuse(RefusalKind::channel_base,
             "channel 512: channels count from 0 to 511 here; if the patch counts from 1, use "
             "--channel-base 1");
    } else if (base_ == 1 && channel == 0) {
      refuse(RefusalKind::channel_base,
             "channel 0: channels count from 1 to 512 here; if the patch counts from 0, use "
             "--channel-base 0");
    } else {
      refuse(RefusalKind::channel,
             "channel " + std::to_string(channel) + " is not one of " + channel_range());
    }
    return std::nullopt;
  }

  std::optional<std::uint8_t> level_in(const json::value& value) {
    const auto number = number_in(value);
    if (!number) {
      refuse(RefusalKind::value,
             "value " + printed(value) + " is not a number from 0 to " + std::to_string(full_));
      return std::nullopt;
    }
    const double within = std::clamp<double>(*number, 0, full_);
    if (within != *number) {
      note(out_.clamped, RefusalKind::value,
           "value " + printed(value) + " is taken as " + std::to_string(std::lround(within)) +
               (within > 0 ? ", which is full" : ", the least"));
    }
    has_fraction_ = has_fraction_ || (within > 0 && within < 1);
    has_more_ = has_more_ || within > 1;
    return static_cast<std::uint8_t>(std::lround(within * full_level / full_));
  }

  Universe universe_in(const json::value& value) {
    if (value.is_string()) {
      const auto universe = RoomUniverse::parse(value.get_string());
      if (universe) return *universe;
      refuse(RefusalKind::universe, universe.error().message);
      return std::nullopt;
    }
    const auto number = whole_number_in(value, RoomUniverse::max);
    if (number) return RoomUniverse::from_number(*number);
    refuse(RefusalKind::universe, "universe " + printed(value) + " is not one of 0 to 63999");
    return std::nullopt;
  }

  void set(const Universe& universe, std::size_t slot, std::uint8_t level, bool named) {
    Update* update = update_of(universe);
    if (update == nullptr) return;
    update->values[slot] = level;
    update->given.set(slot);
    if (named) update->named.set(slot);
  }

  /// The update of that universe; null, and refused, when there are too many.
  Update* update_of(const Universe& universe) {
    // Behind one for all universes, another begins: the later value counts.
    for (std::size_t i = out_.updates.size(); i-- > 0;) {
      Update& update = out_.updates[i];
      if (update.universe == universe) return &update;
      if (!universe || !update.universe) break;
    }
    if (out_.updates.size() == max_message_universes) {
      refuse(RefusalKind::limit,
             "more than " + std::to_string(max_message_universes) + " universes in one message");
      return nullptr;
    }
    out_.updates.emplace_back().universe = universe;
    return &out_.updates.back();
  }

  void refuse(RefusalKind kind, std::string_view reason) { note(out_.refused, kind, reason); }

  void note(Refusals& list, RefusalKind kind, std::string_view reason) const {
    std::string whole;
    // A text for each of those that are only counted would be made for nothing.
    if (list.count < Refusals::max_kept) {
      for (const std::string& place : places_)
        whole += place + ": ";
      whole += reason;
    }
    list.add({kind, std::move(whole)});
  }

  /// Where in the message the reader is, while this lives.
  class Place {
   public:
    Place(LevelReader& reader, std::string name) : reader_(reader) {
      reader_.places_.push_back(std::move(name));
    }
    ~Place() { reader_.places_.pop_back(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    LevelReader& reader_;
  };

  std::uint32_t base_;
  std::uint16_t full_;
  FromRoom& out_;
  std::vector<std::string> places_;
  bool has_fraction_ = false;
  bool has_more_ = false;  ///< A value above 1.
};

void read_level_text(std::string_view text, LevelReader& reader, FromRoom& out) {
  if (text.size() > max_message_size) {
    out.refused.add({RefusalKind::limit, "a message of " + std::to_string(text.size()) +
                                             " bytes is longer than " +
                                             std::to_string(max_message_size)});
    return;
  }
  // The parsed value of a common message fits in here.
  std::array<unsigned char, 4096> buffer;
  json::monotonic_resource storage(buffer.data(), buffer.size());
  const auto value = parse_json(text, max_level_depth, &storage);
  if (!value) {
    out.refused.add({RefusalKind::malformed, in_quotes(text) +
                                                 " is not JSON, or nested deeper than " +
                                                 std::to_string(max_level_depth) + " levels"});
    return;
  }
  reader.read(*value);
}

/// With as few digits as say the level.
void append_value(std::uint8_t level, std::uint16_t full, std::string& out) {
  if (full == full_level) {
    out += std::to_string(level);
    return;
  }
  const int digits = full > full_level ? 0 : full > 9 ? 2 : 4;
  std::array<char, 32> text{};
  const double value = static_cast<double>(level) * full / full_level;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::fixed, digits);
  std::string_view number(text.data(), static_cast<std::size_t>(end.ptr - text.data()));
  if (digits > 0) {
    number = number.substr(0, number.find_last_not_of('0') + 1);
    if (number.ends_with('.')) number.remove_suffix(1);
  }
  out += number;
}

void append_channels(const Update& update, ChannelBase base, std::uint16_t full, std::string& out) {
  char before = '[';
  for (std::size_t slot = 0; slot < slot_count; ++slot) {
    if (!update.given[slot]) continue;
    out += before;
    out += R"({"channel":)" + std::to_string(slot + static_cast<std::size_t>(base));
    out += R"(,"value":)";
    append_value(update.values[slot], full, out);
    out += '}';
    before = ',';
  }
  out += before == '[' ? "[]" : "]";
}

}  // namespace

Update Update::blackout() {
  Update update;
  update.given.set();
  update.named.set();
  return update;
}

Update Update::row(ByteView values) {
  Update update;
  const std::size_t count = std::min(values.size(), slot_count);
  std::copy_n(values.begin(), count, update.values.begin());
  if (count > 0) update.given = SlotSet().set() >> (slot_count - count);
  return update;
}

FromRoom read_levels(const Payload& message, ChannelBase base, std::uint16_t full) {
  FromRoom out;
  LevelReader reader(base, full, out);
  if (const auto* bytes = std::get_if<Bytes>(&message)) {
    if (bytes->size() > slot_count) reader.refuse_rest_of_row(bytes->size());
    if (!bytes->empty()) out.updates.push_back(Update::row(*bytes));
  } else if (const auto* text = std::get_if<std::string>(&message)) {
    read_level_text(*text, reader, out);
  } else {
    read_level_text(std::get<Json>(message).text(), reader, out);
  }
  return out;
}

std::string write_levels(std::span<const Update> updates, ChannelBase base, std::uint16_t full) {
  std::string out;
  if (updates.size() == 1 && !updates[0].universe) {
    append_channels(updates[0], base, full, out);
    return out;
  }
  char before = '[';
  for (const Update& update : updates) {
    out += before;
    before = ',';
    out += '{';
    if (update.universe) out += R"("universe":)" + std::to_string(update.universe->number()) + ",";
    out += R"("channels":)";
    append_channels(update, base, full, out);
    out += '}';
  }
  out += before == '[' ? "[]" : "]";
  return out;
}

}  // namespace roomwire::dmx
