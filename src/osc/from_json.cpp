#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <span>

#include "base/json_value.hpp"
#include "osc/argument_from_json.hpp"
#include "osc/argument_reader.hpp"
#include "osc/json.hpp"

namespace roomwire::osc {
namespace {

namespace json = boost::json;

/// Enough for max_depth bundles (2 levels each) with max_depth typed arrays (2 each) in them.
constexpr std::size_t max_json_depth = 5 * max_depth;

class PacketReader {
 public:
  PacketReader(const TypeOptions& options, FloatMemory* memory, FromJson& out)
      : options_(options), memory_(memory), out_(out) {}

  void read(const json::value& value) {
    if (!value.is_array() || is_message(value.get_array())) {
      add_packet(value);
      return;
    }
    path_.push_back(0);
    for (const json::value& item : value.get_array()) {
      ++path_.back();
      if (out_.packets.size() >= max_json_packets) {
        refuse(RefusalKind::limit, "more than " + std::to_string(max_json_packets) +
                                       " messages in one array; send them in several");
        return;
      }
      add_packet(item);
    }
  }

 private:
  /// ["/address", …]
  static bool is_message(const json::array& array) {
    return !array.empty() && array[0].is_string();
  }

  void add_packet(const json::value& value) {
    elements_ = 0;
    if (auto read = packet(value, 1)) out_.packets.push_back(std::move(*read));
  }

  /// Refuses with the place in front of the reason: "item 3.1: ".
  std::nullopt_t refuse(RefusalKind kind, const std::string& reason) {
    std::string place;
    for (const std::size_t index : path_) {
      place += (place.empty() ? "item " : ".") + std::to_string(index);
    }
    if (!place.empty()) place += ": ";
    out_.refused.add({kind, place + reason});
    return std::nullopt;
  }

  std::optional<Packet> packet(const json::value& value, std::size_t depth) {
    if (value.is_array() && is_message(value.get_array())) {
      const json::array& array = value.get_array();
      if (!array[0].get_string().starts_with('/')) return refuse_list(array[0]);
      return message(array[0], {array.data() + 1, array.size() - 1}, {});
    }
    if (value.is_object()) {
      const json::object& object = value.get_object();
      if (const json::value* address = object.if_contains("address")) {
        return timed(object, message(*address, object));
      }
      for (const char* name : {"packets", "elements", "bundleElements"}) {
        const json::value* elements = object.if_contains(name);
        if (elements != nullptr && elements->is_array()) {
          return bundle(object, elements->get_array(), depth);
        }
      }
    }
    return refuse(RefusalKind::malformed,
                  shown(value) + R"( is neither {"address","args"} nor a bundle)");
  }

  /// A list of strings is no message, so this form needs the / that tells them apart.
  std::nullopt_t refuse_list(const json::value& first) {
    return refuse(RefusalKind::address, "address " + shown(first) +
                                            R"( does not begin with /; if that is meant, write )"
                                            R"({"address","args"})");
  }

  std::optional<Packet> bundle(const json::object& object, const json::array& elements,
                               std::size_t depth) {
    if (depth > max_depth) return refuse(RefusalKind::limit, "bundles are nested too deeply");
    elements_ += elements.size();
    if (elements_ > max_elements) {
      return refuse(RefusalKind::limit, "a bundle has too many elements");
    }
    const auto time = time_of(object);
    if (!time) return std::nullopt;
    Bundle bundle{*time, {}};
    bundle.elements.reserve(elements.size());
    path_.push_back(0);
    for (const json::value& element : elements) {
      ++path_.back();
      if (auto read = packet(element, depth + 1)) bundle.elements.push_back(std::move(*read));
    }
    path_.pop_back();
    if (bundle.elements.empty() && !elements.empty()) return std::nullopt;
    return bundle;
  }

  /// A bundle's time, as it is spelt; nothing when it is refused.
  std::optional<TimeTag> time_of(const json::object& object) {
    for (const char* name : {"timeTag", "timetag"}) {
      const json::value* time = object.if_contains(name);
      if (time == nullptr) continue;
      const auto tag = time_tag_from_json(*time);
      if (tag) return *tag;
      refuse(RefusalKind::value, "the time tag is no time from 1900 to 2036: " + shown(*time));
      return std::nullopt;
    }
    return immediately;
  }

  std::optional<Packet> timed(const json::object& object, std::optional<Packet> message) {
    const auto time = message ? time_of(object) : std::nullopt;
    if (!time) return std::nullopt;
    if (*time == immediately) return message;
    return Bundle{*time, {*std::move(message)}};
  }

  /// "args" as node-osc takes it: an array, one bare value, or missing. "types" as osc-js writes
  /// it: with a comma in front when it came from OSC.
  std::optional<Packet> message(const json::value& address, const json::object& object) {
    std::string_view types = string_member(object, "types").value_or("");
    if (types.starts_with(',')) types.remove_prefix(1);
    const json::value* args = object.if_contains("args");
    if (args == nullptr) return message(address, {}, types);
    if (!args->is_array()) return message(address, {args, 1}, types);
    return message(address, {args->get_array().data(), args->get_array().size()}, types);
  }

  std::optional<Packet> message(const json::value& address, std::span<const json::value> args,
                                std::string_view types) {
    if (!address.is_string()) {
      return refuse(RefusalKind::address, "the address is " + shown(address) + ", not a string");
    }
    Message message{std::string(address.get_string()), {}};
    if (auto fault = address_fault(message.address)) return refuse(RefusalKind::address, *fault);
    ArgumentReader reader(options_, memory_, message.address);
    reader.heed(types);
    message.args.reserve(std::min(args.size(), max_arguments));
    for (std::size_t i = 0; i < args.size(); ++i) {
      const auto added = reader.add(args[i], message.args);
      if (added) continue;
      return refuse(added.error().kind, "argument " + std::to_string(i + 1) + " of " +
                                            in_quotes(message.address) + ": " +
                                            added.error().reason);
    }
    if (reader.has_widened() && !out_.widened) out_.widened = message.address;
    return message;
  }

  const TypeOptions& options_;
  FloatMemory* memory_;
  FromJson& out_;
  /// Where in the arrays of packets the reader is, from 1.
  std::vector<std::size_t> path_;
  /// Of the packet that is being read.
  std::size_t elements_ = 0;
};

}  // namespace

FromJson from_json(std::string_view text, const TypeOptions& options, FloatMemory* memory) {
  FromJson out;
  if (text.size() > max_json_size) {
    out.refused.add({RefusalKind::limit, "JSON of " + std::to_string(text.size()) +
                                             " bytes is longer than " +
                                             std::to_string(max_json_size)});
    return out;
  }
  // The parsed value of a common message fits in here.
  std::array<unsigned char, 2048> buffer;
  json::monotonic_resource storage(buffer.data(), buffer.size());
  const auto value = parse_json(text, max_json_depth, &storage);
  if (!value) {
    out.refused.add({RefusalKind::malformed, "not JSON, or nested deeper than " +
                                                 std::to_string(max_json_depth) + " levels"});
    return out;
  }
  PacketReader(options, memory, out).read(*value);
  return out;
}

Result<TypeRule> TypeRule::parse(std::string_view text) {
  const auto fault = [&](std::string_view what) {
    return failure(ErrorKind::invalid_input,
                   "type rule " + in_quotes(text) + " " + std::string(what));
  };
  const std::size_t equals = text.rfind('=');
  if (equals == std::string_view::npos) return fault("is not PATTERN=TYPE, such as /synth/*=f");
  const auto tag = type_tag(text.substr(equals + 1));
  if (!tag || std::string_view("ifhd").find(*tag) == std::string_view::npos) {
    return fault("does not end with =i, =f, =h or =d");
  }
  auto pattern = Pattern::parse(text.substr(0, equals));
  if (!pattern) return tl::unexpected<Error>(std::move(pattern.error()));
  return TypeRule{std::move(*pattern), *tag};
}

}  // namespace roomwire::osc
