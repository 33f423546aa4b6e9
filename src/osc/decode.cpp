#include <algorithm>
#include <bit>
#include <string_view>

#include "base/bytes.hpp"
#include "osc/codec.hpp"

namespace roomwire::osc {
namespace {

using SloppySet = std::bitset<sloppy_count>;

void note(Sloppy what, SloppySet& sloppy) {
  sloppy.set(static_cast<std::size_t>(what));
}

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

/// Takes the bytes up to the next multiple of 4 behind `size`, as far as there are any.
void take_padding(std::size_t size, ByteReader& reader, SloppySet& sloppy) {
  const std::size_t wanted = (4 - size % 4) % 4;
  const ByteView padding = reader.take(std::min(wanted, reader.rest().size()));
  if (padding.size() < wanted) note(Sloppy::end_cut, sloppy);
  if (!all_zero(padding)) note(Sloppy::padding, sloppy);
}

/// Takes a text with its NUL and padding off `reader`; nothing when the NUL is missing.
std::optional<std::string_view> take_text(ByteReader& reader, SloppySet& sloppy) {
  const std::size_t size = as_text(reader.rest()).find('\0');
  if (size == std::string_view::npos) return std::nullopt;
  const std::string_view text = as_text(reader.take(size + 1)).substr(0, size);
  take_padding(size + 1, reader, sloppy);
  return text;
}

/// As take_text, for the bytes of a blob behind its size.
std::optional<ByteView> take_blob(ByteReader& reader, SloppySet& sloppy) {
  const std::uint32_t size = reader.u32();
  const ByteView blob = reader.take(size);
  if (reader.failed()) return std::nullopt;
  take_padding(size, reader, sloppy);
  return blob;
}

/// Whether an element of a bundle can stand at the beginning of `rest`, or its end.
bool can_begin_element(ByteView rest) {
  if (rest.empty()) return true;
  ByteReader reader(rest);
  const std::uint32_t size = reader.u32();
  const ByteView element = reader.take(size);
  return !reader.failed() && size > 0 && element[0] > ' ' && element[0] != 0x7f;
}

enum class Taken { argument, unknown_tag, bad_data };

/// The argument of one tag, but of no array; a read past the end is left to the caller to notice.
Taken take_argument(char tag, ByteReader& data, std::vector<Argument>& out, SloppySet& sloppy) {
  switch (tag) {
    case 'i':
      out.emplace_back(static_cast<std::int32_t>(data.u32()));
      break;
    case 'f':
      out.emplace_back(std::bit_cast<float>(data.u32()));
      break;
    case 's':
    case 'S': {
      const auto text = take_text(data, sloppy);
      if (!text) return Taken::bad_data;
      if (tag == 's') {
        out.emplace_back(std::string(*text));
      } else {
        out.emplace_back(Symbol{std::string(*text)});
      }
      break;
    }
    case 'b': {
      const auto blob = take_blob(data, sloppy);
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
  explicit Decoder(Decoded& out) : refused_(out.refused), sloppy_(out.sloppy) {}

  std::optional<Packet> packet(ByteView bytes, std::size_t depth) {
    if (as_text(bytes).starts_with(std::string_view("#bundle\0", 8))) return bundle(bytes, depth);
    return message(bytes);
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
    const std::size_t refused_before = refused_.count;
    while (!reader.rest().empty()) {
      if (reader.rest().size() < 4 && all_zero(reader.rest())) {
        note(Sloppy::left_over, sloppy_);
        break;
      }
      const std::uint32_t size = reader.u32();
      const ByteView element = reader.take(size);
      if (!reader.failed() && size == 0) {
        note(Sloppy::left_over, sloppy_);
        continue;
      }
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
      if (size % 4 != 0) end_odd_element(size, reader);
    }
    if (bundle.elements.empty() && refused_.count > refused_before) return std::nullopt;
    return bundle;
  }

  /// The next element follows at once, or behind the padding that the size left out.
  void end_odd_element(std::size_t size, ByteReader& reader) {
    note(Sloppy::odd_element, sloppy_);
    const std::size_t padding = std::min((4 - size % 4) % 4, reader.rest().size());
    if (!can_begin_element(reader.rest()) && can_begin_element(reader.rest().subspan(padding))) {
      reader.take(padding);
    }
  }

  std::optional<Packet> message(ByteView bytes) {
    ByteReader reader(bytes);
    SloppySet sloppy;
    const auto address = take_text(reader, sloppy);
    const bool tagged = !reader.rest().empty() && reader.rest()[0] == ',';
    if (bytes.empty() || bytes[0] != '/') {
      if (!address || address_fault(*address) || !tagged) {
        return fail(RefusalKind::malformed, "a packet begins with neither / nor #bundle");
      }
      note(Sloppy::no_slash, sloppy);
    }
    if (!address) return fail(RefusalKind::malformed, "a message's address does not end with NUL");
    Message message{std::string(*address), {}};
    if (!tagged) return untagged(std::move(message), reader.rest(), sloppy);
    const auto tags = take_text(reader, sloppy);
    if (!tags) {
      return fail(RefusalKind::malformed,
                  "the type tags of " + in_quotes(*address) + " do not end with NUL");
    }
    tags_ = tags->substr(1);
    message.args.reserve(std::min(tags_.size(), max_arguments - arguments_));
    sloppy_ |= sloppy;
    if (!arguments(reader, message.args, 0)) {
      refused_.add({fault_.kind, fault_.reason + " of " + in_quotes(*address)});
      return std::nullopt;
    }
    if (!reader.rest().empty()) note(Sloppy::left_over, sloppy_);
    return message;
  }

  /// Old programs send no type tags. Without them, arguments cannot be read.
  std::optional<Packet> untagged(Message message, ByteView rest, SloppySet sloppy) {
    if (!all_zero(rest)) {
      if (sloppy.any()) {
        return fail(RefusalKind::malformed,
                    "the address " + in_quotes(message.address) + " is not padded with NUL");
      }
      fail(RefusalKind::type,
           "the arguments of " + in_quotes(message.address) + " have no type tags");
    } else if (!rest.empty()) {
      note(Sloppy::left_over, sloppy);
    }
    sloppy_ |= sloppy;
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
      switch (take_argument(tag, data, out, sloppy_)) {
        case Taken::argument:
          break;
        case Taken::unknown_tag:
          return faulty(RefusalKind::type,
                        "the unknown type tag " + in_quotes(std::string_view(&tag, 1)));
        case Taken::bad_data:
          return faulty(RefusalKind::malformed,
                        "a cut argument " + in_quotes(std::string_view(&tag, 1)));
      }
    }
    return depth == 0 || faulty(RefusalKind::malformed, "a [ without ] in the tags");
  }

  bool faulty(RefusalKind kind, std::string reason) {
    fault_ = {kind, std::move(reason)};
    return false;
  }

  Refusals& refused_;
  SloppySet& sloppy_;
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
  decoded.packet = Decoder(decoded).packet(bytes, 1);
  return decoded;
}

std::string_view in_words(Sloppy sloppy) {
  switch (sloppy) {
    case Sloppy::padding:
      return "padding that is not zero";
    case Sloppy::end_cut:
      return "no padding at the end";
    case Sloppy::left_over:
      return "bytes that belong to nothing";
    case Sloppy::odd_element:
      return "an element of a bundle whose size is no multiple of 4";
    case Sloppy::no_slash:
      return "an address that does not begin with /";
  }
  return "";
}

}  // namespace roomwire::osc
