#include <bit>
#include <string_view>

#include "base/bytes.hpp"
#include "osc/codec.hpp"

namespace roomwire::osc {
namespace {

/// Takes a text with its NUL and padding off `reader`; nothing when either is missing or the
/// padding is not zero.
std::optional<std::string_view> take_text(ByteReader& reader) {
  const std::string_view rest = as_text(reader.rest());
  const std::size_t size = rest.find('\0');
  if (size == std::string_view::npos) return std::nullopt;
  const std::string_view padded = as_text(reader.take(size / 4 * 4 + 4));
  if (reader.failed() || padded.find_first_not_of('\0', size) != std::string_view::npos) {
    return std::nullopt;
  }
  return padded.substr(0, size);
}

/// As take_text, for the bytes of a blob behind its size.
std::optional<ByteView> take_blob(ByteReader& reader) {
  const std::uint32_t size = reader.u32();
  const ByteView blob = reader.take(size);
  for (const std::uint8_t byte : reader.take((4 - size % 4) % 4)) {
    if (byte != 0) return std::nullopt;
  }
  if (reader.failed()) return std::nullopt;
  return blob;
}

enum class Taken { argument, unknown_tag, bad_data };

/// The argument of one tag, but of no array; a read past the end is left to the caller to notice.
Taken take_argument(char tag, ByteReader& data, std::vector<Argument>& out) {
  switch (tag) {
    case 'i':
      out.emplace_back(static_cast<std::int32_t>(data.u32()));
      break;
    case 'f':
      out.emplace_back(std::bit_cast<float>(data.u32()));
      break;
    case 's':
    case 'S': {
      const auto text = take_text(data);
      if (!text) return Taken::bad_data;
      if (tag == 's') {
        out.emplace_back(std::string(*text));
      } else {
        out.emplace_back(Symbol{std::string(*text)});
      }
      break;
    }
    case 'b': {
      const auto blob = take_blob(data);
      if (!blob) return Taken::bad_data;
      out.emplace_back(Bytes(blob->begin(), blob->end()));
      break;
    }
    case 'h':
      out.emplace_back(static_cast<std::int64_t>(data.u64()));
      break;
    case 't':
      out.emplace_back(TimeTag{data.u64()});
      break;
    case 'd':
      out.emplace_back(std::bit_cast<double>(data.u64()));
      break;
    case 'c':
      out.emplace_back(Character{data.u32()});
      break;
    // Within braces the bytes are taken in this order.
    case 'r':
      out.emplace_back(Color{data.u8(), data.u8(), data.u8(), data.u8()});
      break;
    case 'm':
      out.emplace_back(Midi{data.u8(), data.u8(), data.u8(), data.u8()});
      break;
    case 'T':
    case 'F':
      out.emplace_back(tag == 'T');
      break;
    case 'N':
      out.emplace_back(Nil{});
      break;
    case 'I':
      out.emplace_back(Infinitum{});
      break;
    default:
      return Taken::unknown_tag;
  }
  return data.failed() ? Taken::bad_data : Taken::argument;
}

/// Decodes one packet. What it counts is bounded over the whole of it.
class Decoder {
 public:
  explicit Decoder(Refusals& refused) : refused_(refused) {}

  std::optional<Packet> packet(ByteView bytes, std::size_t depth) {
    if (bytes.size() % 4 != 0) {
      return fail(RefusalKind::malformed, "a packet of " + std::to_string(bytes.size()) +
                                              " bytes, which is no multiple of 4");
    }
    if (!bytes.empty() && bytes[0] == '/') return message(bytes);
    if (as_text(bytes).starts_with(std::string_view("#bundle\0", 8))) return bundle(bytes, depth);
    return fail(RefusalKind::malformed, "a packet begins with neither / nor #bundle");
  }

 private:
  std::nullopt_t fail(RefusalKind kind, std::string reason) {
    refused_.add({kind, std::move(reason)});
    return std::nullopt;
  }

  std::optional<Packet> bundle(ByteView bytes, std::size_t depth) {
    if (depth > max_depth) return fail(RefusalKind::limit, "bundles are nested too deeply");
    ByteReader reader(bytes.subspan(8));
    Bundle bundle;
    bundle.time.ntp = reader.u64();
    if (reader.failed()) return fail(RefusalKind::malformed, "a bundle ends before its time tag");
    const bool empty = reader.rest().empty();
    while (!reader.rest().empty()) {
      const std::uint32_t size = reader.u32();
      const ByteView element = reader.take(size);
      if (reader.failed()) {
        fail(RefusalKind::malformed,
             "a bundle ends before its element of " + std::to_string(size) + " bytes does");
        break;
      }
      if (elements_ == max_elements) {
        fail(RefusalKind::limit,
             "a bundle has more than " + std::to_string(max_elements) + " elements");
        break;
      }
      ++elements_;
      if (auto decoded = packet(element, depth + 1)) bundle.elements.push_back(std::move(*decoded));
    }
    if (bundle.elements.empty() && !empty) return std::nullopt;
    return bundle;
  }

  std::optional<Packet> message(ByteView bytes) {
    ByteReader reader(bytes);
    const auto address = take_text(reader);
    if (!address) return fail(RefusalKind::malformed, "a message's address is not padded with NUL");
    Message message{std::string(*address), {}};
    if (reader.rest().empty()) return message;
    if (reader.rest()[0] != ',') {
      fail(RefusalKind::type, "the arguments of " + in_quotes(*address) + " have no type tags");
      return message;
    }
    const auto tags = take_text(reader);
    if (!tags) {
      return fail(RefusalKind::malformed,
                  "the type tags of " + in_quotes(*address) + " are not padded with NUL");
    }
    tags_ = tags->substr(1);
    message.args.reserve(std::min(tags_.size(), max_arguments - arguments_));
    if (!arguments(reader, message.args, 0)) {
      refused_.add({fault_.kind, fault_.reason + " of " + in_quotes(*address)});
      return std::nullopt;
    }
    if (!reader.rest().empty()) {
      return fail(RefusalKind::malformed,
                  "bytes are left over behind the arguments of " + in_quotes(*address));
    }
    return message;
  }

  /// Takes the arguments of `tags_` up to its end, or up to the ] of an array (`depth` above 0).
  /// False after setting `fault_`, to which "of '/address'" is to be added.
  bool arguments(ByteReader& data, std::vector<Argument>& out, std::size_t depth) {
    if (depth > max_depth) return faulty(RefusalKind::limit, "too deeply nested arrays");
    while (!tags_.empty()) {
      const char tag = tags_.front();
      tags_.remove_prefix(1);
      if (tag == ']')
        return depth > 0 || faulty(RefusalKind::malformed, "a ] without [ in the tags");
      if (arguments_ == max_arguments) return faulty(RefusalKind::limit, "too many arguments");
      ++arguments_;
      if (tag == '[') {
        Array array;
        if (!arguments(data, array.items, depth + 1)) return false;
        out.emplace_back(std::move(array));
        continue;
      }
      switch (take_argument(tag, data, out)) {
        case Taken::argument:
          break;
        case Taken::unknown_tag:
          return faulty(RefusalKind::type,
                        "the unknown type tag " + in_quotes(std::string_view(&tag, 1)));
        case Taken::bad_data:
          return faulty(RefusalKind::malformed,
                        "a cut or badly padded argument " + in_quotes(std::string_view(&tag, 1)));
      }
    }
    return depth == 0 || faulty(RefusalKind::malformed, "a [ without ] in the tags");
  }

  bool faulty(RefusalKind kind, std::string reason) {
    fault_ = {kind, std::move(reason)};
    return false;
  }

  Refusals& refused_;
  Refusal fault_;
  std::string_view tags_;
  std::size_t arguments_ = 0;
  std::size_t elements_ = 0;
};

}  // namespace

Decoded decode(ByteView bytes, std::size_t max_size) {
  Decoded decoded;
  if (bytes.size() > max_size) {
    decoded.refused.add({RefusalKind::limit, "a packet of " + std::to_string(bytes.size()) +
                                                 " bytes is longer than " +
                                                 std::to_string(max_size)});
    return decoded;
  }
  decoded.packet = Decoder(decoded.refused).packet(bytes, 1);
  return decoded;
}

}  // namespace roomwire::osc
