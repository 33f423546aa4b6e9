#include <bit>
#include <string_view>
#include <type_traits>

#include "base/bytes.hpp"
#include "osc/codec.hpp"

namespace roomwire::osc {
namespace {

std::size_t padding(std::size_t size) {
  return (4 - size % 4) % 4;
}

class Encoder {
 public:
  Encoder(Bytes& out, std::size_t max_size) : out_(out), writer_(out), max_size_(max_size) {}

  Result<void> packet(const Packet& packet) {
    const std::size_t start = out_.size();
    add(packet, 1);
    return finish(start);
  }

  Result<void> message(const Message& message) {
    const std::size_t start = out_.size();
    add(message);
    return finish(start);
  }

 private:
  Result<void> finish(std::size_t start) {
    if (!error_ && out_.size() - start > max_size_) {
      fail(ErrorKind::limit, "the packet of " + std::to_string(out_.size() - start) +
                                 " bytes is longer than " + std::to_string(max_size_));
    }
    if (!error_) return {};
    out_.resize(start);
    return tl::unexpected<Error>(std::move(*error_));
  }

  void fail(ErrorKind kind, std::string message) {
    if (!error_) error_ = Error{kind, std::move(message)};
  }

  void add(const Packet& packet, std::size_t depth) {
    if (const auto* message = std::get_if<Message>(&packet)) {
      add(*message);
    } else {
      add(std::get<Bundle>(packet), depth);
    }
  }

  void add(const Bundle& bundle, std::size_t depth) {
    if (depth > max_depth) return fail(ErrorKind::limit, "bundles are nested too deeply");
    elements_ += bundle.elements.size();
    if (elements_ > max_elements) return fail(ErrorKind::limit, "the bundle has too many elements");
    text("#bundle");
    writer_.u64(bundle.time.ntp);
    for (const Packet& element : bundle.elements) {
      const std::size_t at = out_.size();
      writer_.u32(0);
      add(element, depth + 1);
      if (error_) return;
      const std::size_t size = out_.size() - at - 4;
      if (size > max_size_) {
        return fail(ErrorKind::limit,
                    "the packet is longer than " + std::to_string(max_size_) + " bytes");
      }
      for (std::size_t i = 0; i < 4; ++i)
        out_[at + i] = static_cast<std::uint8_t>(size >> (24 - 8 * i));
    }
  }

  void add(const Message& message) {
    if (auto fault = address_fault(message.address)) {
      return fail(ErrorKind::invalid_input, *std::move(fault));
    }
    text(message.address);
    const std::size_t start = out_.size();
    writer_.u8(',');
    tags(message.args, 0);
    writer_.u8(0);
    writer_.zeros(padding(out_.size() - start));
    values(message.args);
    if (error_) error_->message += " (in " + in_quotes(message.address) + ")";
  }

  /// Checks depth and count for values(), which goes the same way.
  void tags(const std::vector<Argument>& arguments, std::size_t depth) {
    if (depth > max_depth) return fail(ErrorKind::limit, "arrays are nested too deeply");
    arguments_ += arguments.size();
    if (arguments_ > max_arguments) return fail(ErrorKind::limit, "there are too many arguments");
    for (const Argument& argument : arguments) {
      writer_.u8(static_cast<std::uint8_t>(tag_of(argument)));
      if (const auto* array = std::get_if<Array>(&argument)) {
        tags(array->items, depth + 1);
        writer_.u8(']');
      }
      if (error_) return;
    }
  }

  void values(const std::vector<Argument>& arguments) {
    for (const Argument& argument : arguments) {
      if (error_) return;
      std::visit([this](const auto& value) { add(value); }, argument);
    }
  }

  void add(std::int32_t value) { writer_.u32(static_cast<std::uint32_t>(value)); }
  void add(float value) { writer_.u32(std::bit_cast<std::uint32_t>(value)); }
  void add(const std::string& value) { text(value); }
  void add(std::int64_t value) { writer_.u64(static_cast<std::uint64_t>(value)); }
  void add(TimeTag value) { writer_.u64(value.ntp); }
  void add(double value) { writer_.u64(std::bit_cast<std::uint64_t>(value)); }
  void add(const Symbol& value) { text(value.text); }
  void add(Character value) { writer_.u32(value.code); }
  void add(Color value) { four(value.red, value.green, value.blue, value.alpha); }
  void add(Midi value) { four(value.port, value.status, value.data1, value.data2); }
  void add(bool) {}
  void add(Nil) {}
  void add(Infinitum) {}
  void add(const Array& value) { values(value.items); }
  void add(const Bytes& value) {
    if (value.size() > max_size_) {
      return fail(ErrorKind::limit,
                  "the blob of " + std::to_string(value.size()) + " bytes is too long");
    }
    writer_.u32(static_cast<std::uint32_t>(value.size()));
    writer_.bytes(value);
    writer_.zeros(padding(value.size()));
  }

  void four(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    for (const std::uint8_t byte : {a, b, c, d})
      writer_.u8(byte);
  }

  void text(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) {
      return fail(ErrorKind::invalid_input, "the text " + in_quotes(text) + " contains NUL");
    }
    writer_.bytes(as_bytes(text));
    writer_.zeros(1 + padding(text.size() + 1));
  }

  Bytes& out_;
  ByteWriter writer_;
  std::size_t max_size_;
  std::size_t arguments_ = 0;
  std::size_t elements_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<void> encode(const Packet& packet, Bytes& out, std::size_t max_size) {
  return Encoder(out, max_size).packet(packet);
}

Result<void> encode(const Message& message, Bytes& out, std::size_t max_size) {
  return Encoder(out, max_size).message(message);
}

}  // namespace roomwire::osc
