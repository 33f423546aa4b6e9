#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/encoding.hpp"
#include "osc/json.hpp"

namespace roomwire::osc {
namespace {

void append_string(std::string_view text, std::string& out) {
  std::string repaired;
  const auto is_ascii = [](char c) { return (c & 0x80) == 0; };
  if (!std::all_of(text.begin(), text.end(), is_ascii) && !is_utf8(text)) {
    repaired = to_valid_utf8(text);
    text = repaired;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr std::string_view digits = "0123456789abcdef";
      out += "\\u00";
      out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
      out.push_back(digits[static_cast<unsigned char>(c) & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

template <class Number>
void append_digits(Number number, std::string& out) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

/// The shortest decimal that reads back as the same number, which is finite.
template <class Number>
void append_finite(Number number, std::string& out) {
  append_digits(number, out);
  // As an integer, -0 would lose its sign.
  if (number == 0 && std::signbit(number)) out += ".0";
}

void append_character(std::uint32_t code, std::string& out) {
  const bool text = code >= 0x20 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  if (!text) return append_digits(code, out);
  std::string utf8;
  const auto tail = [&](unsigned shift) {
    utf8.push_back(static_cast<char>(0x80 | (code >> shift & 0x3f)));
  };
  if (code < 0x80) {
    utf8.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    utf8.push_back(static_cast<char>(0xc0 | code >> 6));
  } else if (code < 0x10000) {
    utf8.push_back(static_cast<char>(0xe0 | code >> 12));
  } else {
    utf8.push_back(static_cast<char>(0xf0 | code >> 18));
  }
  if (code >= 0x10000) tail(12);
  if (code >= 0x800) tail(6);
  if (code >= 0x80) tail(0);
  append_string(utf8, out);
}

class Writer {
 public:
  Writer(JsonForm form, std::string& out) : form_(form), out_(out) {}

  void add(const Packet& packet) {
    if (const auto* message = std::get_if<Message>(&packet)) {
      add(*message);
    } else {
      add(std::get<Bundle>(packet));
    }
  }

  void add(const Message& message) {
    out_ += R"({"address":)";
    append_string(message.address, out_);
    out_ += R"(,"args":)";
    add_items(message.args);
    const auto is_array = [](const Argument& each) { return std::holds_alternative<Array>(each); };
    if (form_ == JsonForm::plain &&
        std::any_of(message.args.begin(), message.args.end(), is_array)) {
      out_ += R"(,"types":",)";
      add_tags(message.args);
      out_.push_back('"');
    }
    out_.push_back('}');
  }

 private:
  void add_tags(const std::vector<Argument>& arguments) {
    for (const Argument& argument : arguments) {
      out_.push_back(tag_of(argument));
      if (const auto* array = std::get_if<Array>(&argument)) {
        add_tags(array->items);
        out_.push_back(']');
      }
    }
  }

  void add(const Bundle& bundle) {
    out_ += R"({"timeTag":")";
    append_digits(bundle.time.ntp, out_);
    out_ += R"(","packets":[)";
    separated(bundle.elements, [this](const Packet& packet) { add(packet); });
    out_ += "]}";
  }

  template <class Items, class Add>
  void separated(const Items& items, const Add& add) {
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_.push_back(',');
      first = false;
      add(item);
    }
  }

  void add_items(const std::vector<Argument>& arguments) {
    out_.push_back('[');
    separated(arguments, [this](const Argument& argument) {
      std::visit([this](const auto& value) { add_argument(value); }, argument);
    });
    out_.push_back(']');
  }

  /// Writes what `write` writes, within {"type","value"} in the typed form or when `always`.
  template <class Write>
  void value(std::string_view type, bool always, const Write& write) {
    const bool wrapped = always || form_ == JsonForm::typed;
    if (wrapped) {
      out_ += R"({"type":")";
      out_ += type;
      out_ += R"(","value":)";
    }
    write();
    if (wrapped) out_.push_back('}');
  }

  void constant(std::string_view type, std::string_view plain) {
    if (form_ == JsonForm::plain) {
      out_ += plain;
      return;
    }
    out_ += R"({"type":")";
    out_ += type;
    out_ += R"("})";
  }

  template <class Number>
  void floating(std::string_view type, Number number) {
    value(type, !std::isfinite(number), [&] {
      if (std::isfinite(number)) {
        append_finite(number, out_);
      } else {
        out_ += std::isnan(number) ? R"("NaN")" : number > 0 ? R"("Infinity")" : R"("-Infinity")";
      }
    });
  }

  /// A number in quotes, which JavaScript's numbers would round.
  template <class Number>
  void digits(std::string_view type, Number number) {
    value(type, true, [&] {
      out_.push_back('"');
      append_digits(number, out_);
      out_.push_back('"');
    });
  }

  void numbers(std::initializer_list<std::pair<std::string_view, std::uint8_t>> list) {
    separated(list, [this](const auto& item) {
      out_ += item.first;
      append_digits(item.second, out_);
    });
  }

  void add_argument(std::int32_t number) {
    value("i", false, [&] { append_digits(number, out_); });
  }
  void add_argument(float number) { floating("f", number); }
  void add_argument(double number) { floating("d", number); }
  void add_argument(const std::string& text) {
    value("s", false, [&] { append_string(text, out_); });
  }
  void add_argument(const Symbol& symbol) {
    value("S", false, [&] { append_string(symbol.text, out_); });
  }
  void add_argument(const Bytes& bytes) {
    value("b", true, [&] { append_string(to_base64(bytes), out_); });
  }
  void add_argument(std::int64_t number) { digits("h", number); }
  void add_argument(TimeTag time) { digits("t", time.ntp); }
  void add_argument(Character character) {
    value("c", false, [&] { append_character(character.code, out_); });
  }
  void add_argument(Color color) {
    value("r", true, [&] {
      out_.push_back('{');
      numbers({{R"("r":)", color.red}, {R"("g":)", color.green}, {R"("b":)", color.blue}});
      out_ += R"(,"a":)";
      append_finite(color.alpha / 255.0, out_);
      out_.push_back('}');
    });
  }
  void add_argument(Midi midi) {
    value("m", true, [&] {
      out_.push_back('[');
      numbers({{"", midi.port}, {"", midi.status}, {"", midi.data1}, {"", midi.data2}});
      out_.push_back(']');
    });
  }
  void add_argument(bool flag) { constant(flag ? "T" : "F", flag ? "true" : "false"); }
  void add_argument(Nil) { constant("N", "null"); }
  void add_argument(Infinitum) { constant("I", R"({"type":"I"})"); }
  void add_argument(const Array& array) {
    value("array", false, [&] { add_items(array.items); });
  }

  JsonForm form_;
  std::string& out_;
};

}  // namespace

void append_json(const Message& message, JsonForm form, std::string& out) {
  Writer(form, out).add(message);
}

void append_json(const Packet& packet, JsonForm form, std::string& out) {
  Writer(form, out).add(packet);
}

}  // namespace roomwire::osc
