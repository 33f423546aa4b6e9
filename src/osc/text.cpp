#include "osc/text.hpp"

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"

namespace roomwire::osc {
namespace {

constexpr std::size_t max_shown_text = 200;
constexpr std::size_t max_shown_arguments = 32;

void append_shown(std::string_view text, std::string& out) {
  const std::string valid = to_valid_utf8(text.substr(0, max_shown_text));
  std::transform(valid.begin(), valid.end(), std::back_inserter(out), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
  });
  if (text.size() > max_shown_text) out += "...";
}

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  append_shown(text, out);
  out += '"';
}

template <class Number>
void append_number(Number number, std::string& out) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_hex(ByteView bytes, std::string& out) {
  out += "0x" + to_hex(bytes);
}

void append_tags(const std::vector<Argument>& arguments, std::string& out) {
  for (std::size_t i = 0; i < std::min(arguments.size(), max_shown_arguments); ++i) {
    out += tag_of(arguments[i]);
    if (const auto* array = std::get_if<Array>(&arguments[i])) {
      append_tags(array->items, out);
      out += ']';
    }
  }
}

struct Value {
  std::string& out;
  void operator()(std::int32_t value) const { append_number(value, out); }
  void operator()(float value) const { append_number(value, out); }
  void operator()(const std::string& text) const { append_quoted(text, out); }
  void operator()(const Bytes& bytes) const {
    out += "(" + std::to_string(bytes.size()) + " bytes)";
  }
  void operator()(std::int64_t value) const { append_number(value, out); }
  void operator()(TimeTag time) const { append_number(time.ntp, out); }
  void operator()(double value) const { append_number(value, out); }
  void operator()(const Symbol& symbol) const { append_quoted(symbol.text, out); }
  void operator()(Character character) const { append_number(character.code, out); }
  void operator()(Color c) const { append_hex(Bytes{c.red, c.green, c.blue, c.alpha}, out); }
  void operator()(Midi m) const { append_hex(Bytes{m.port, m.status, m.data1, m.data2}, out); }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(Nil) const { out += "nil"; }
  void operator()(Infinitum) const { out += "inf"; }
  void operator()(const Array& array) const {
    out += '[';
    for (std::size_t i = 0; i < std::min(array.items.size(), max_shown_arguments); ++i) {
      if (i > 0) out += ' ';
      std::visit(*this, array.items[i]);
    }
    out += ']';
  }
};

}  // namespace

void append_text(const Message& message, std::string& out) {
  append_shown(message.address, out);
  if (message.args.empty()) return;
  const std::size_t shown = std::min(message.args.size(), max_shown_arguments);
  out += ' ';
  append_tags(message.args, out);
  for (std::size_t i = 0; i < shown; ++i) {
    out += ' ';
    std::visit(Value{out}, message.args[i]);
  }
  if (shown < message.args.size()) out += " ...";
}

}  // namespace roomwire::osc
