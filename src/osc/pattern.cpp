#include "osc/pattern.hpp"

#include "osc/refusal.hpp"

namespace roomwire::osc {

class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : text_(text), rest_(text) {}

  Result<Pattern> parse() {
    if (text_.empty()) return fault("is empty (for everything, write //)");
    if (text_.size() > Pattern::max_size) return fault("is too long");
    if (text_.find("///") != std::string_view::npos) return fault("contains ///");
    while (!rest_.empty() && fault_.empty())
      take_token();
    if (!fault_.empty()) return fault(fault_);
    pattern_.text_ = std::string(text_);
    return std::move(pattern_);
  }

 private:
  using Token = Pattern::Token;
  using Kind = Token::Kind;

  tl::unexpected<Error> fault(std::string_view what) {
    return failure(ErrorKind::invalid_input,
                   "pattern " + in_quotes(text_) + " " + std::string(what));
  }

  void take_token() {
    if (rest_.starts_with("//")) {
      rest_.remove_prefix(2);
      add(Kind::any_parts);
      return;
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    switch (c) {
      case '?':
        return add(Kind::any_character);
      case '*':
        // Two in a row say no more than one.
        if (pattern_.tokens_.empty() || pattern_.tokens_.back().kind != Kind::any_run) {
          add(Kind::any_run);
        }
        return;
      case '[':
        return take_set();
      case '{':
        return take_choice();
      case ']':
      case '}':
        fault_ = std::string("closes a ") + c + " that was not opened";
        return;
      default:
        if (pattern_.tokens_.empty() || pattern_.tokens_.back().kind != Kind::literal) {
          add(Kind::literal);
        }
        pattern_.tokens_.back().literal.push_back(c);
    }
  }

  void add(Kind kind) {
    pattern_.tokens_.emplace_back();
    pattern_.tokens_.back().kind = kind;
  }

  /// What stands before `close`, which is taken too.
  std::string_view take_until(char close) {
    const std::size_t size = rest_.find(close);
    if (size == std::string_view::npos) {
      fault_ = std::string("does not close a bracket with ") + close;
      return {};
    }
    const std::string_view inside = rest_.substr(0, size);
    rest_.remove_prefix(size + 1);
    if (inside.find('/') != std::string_view::npos) fault_ = "has a / inside a bracket";
    if (inside.empty()) fault_ = "has an empty bracket";
    return inside;
  }

  void take_set() {
    std::string_view inside = take_until(']');
    const bool negated = inside.starts_with('!');
    if (negated) inside.remove_prefix(1);
    if (!fault_.empty()) return;
    if (inside.empty()) {
      fault_ = "has an empty bracket";
      return;
    }
    add(Kind::one_of);
    auto& set = pattern_.tokens_.back().set;
    for (std::size_t i = 0; i < inside.size(); ++i) {
      const bool range = i + 2 < inside.size() && inside[i + 1] == '-';
      const auto first = static_cast<unsigned char>(inside[i]);
      const auto last = static_cast<unsigned char>(inside[range ? i + 2 : i]);
      if (first > last) {
        fault_ = "has a range that goes backwards";
        return;
      }
      for (std::size_t c = first; c <= last; ++c)
        set.set(c);
      if (range) i += 2;
    }
    if (negated) set.flip();
    set.reset('/');
  }

  void take_choice() {
    std::string_view inside = take_until('}');
    if (!fault_.empty()) return;
    if (inside.find_first_of("?*[]{") != std::string_view::npos) {
      fault_ = "has one of ?*[]{ inside {}";
      return;
    }
    add(Kind::choice);
    auto& choices = pattern_.tokens_.back().choices;
    while (true) {
      const std::size_t comma = inside.find(',');
      choices.emplace_back(inside.substr(0, comma));
      if (comma == std::string_view::npos) return;
      inside.remove_prefix(comma + 1);
    }
  }

  std::string_view text_;
  std::string_view rest_;
  std::string fault_;
  Pattern pattern_;
};

bool is_pattern(std::string_view address) {
  return address.find_first_of("?*[]{}") != std::string_view::npos ||
         address.find("//") != std::string_view::npos;
}

Result<Pattern> Pattern::parse(std::string_view text) {
  return PatternParser(text).parse();
}

bool Pattern::matches(std::string_view address) const {
  if (text_ == "//") return true;
  if (address.size() > max_address_size) return false;
  // While there is only one way to go, no set of positions is needed.
  std::size_t position = 0;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const Token& token = tokens_[i];
    switch (token.kind) {
      case Token::Kind::literal:
        if (!address.substr(position).starts_with(token.literal)) return false;
        position += token.literal.size();
        break;
      case Token::Kind::any_character:
      case Token::Kind::one_of:
        if (position == address.size() || !matches_one(token, address[position])) return false;
        ++position;
        break;
      default:
        return matches_from(i, position, address);
    }
  }
  return position == address.size();
}

bool Pattern::matches_from(std::size_t token, std::size_t position,
                           std::string_view address) const {
  if (token + 1 == tokens_.size() && tokens_[token].kind == Token::Kind::any_run) {
    return address.find('/', position) == std::string_view::npos;
  }
  Positions positions;
  positions.set(position);
  for (; token < tokens_.size(); ++token) {
    positions = step(tokens_[token], positions, address);
    if (positions.none()) return false;
  }
  // Behind a // at the end stands anything.
  return tokens_.back().kind == Token::Kind::any_parts || positions.test(address.size());
}

bool Pattern::matches_one(const Token& token, char c) {
  if (token.kind == Token::Kind::any_character) return c != '/';
  return token.set.test(static_cast<unsigned char>(c));
}

Pattern::Positions Pattern::step(const Token& token, const Positions& from,
                                 std::string_view address) {
  Positions to;
  bool running = false;
  const auto add_text = [&](std::size_t at, const std::string& text) {
    if (address.substr(at).starts_with(text)) to.set(at + text.size());
  };
  for (std::size_t at = 0; at <= address.size(); ++at) {
    const bool here = from.test(at);
    switch (token.kind) {
      case Token::Kind::literal:
        if (here) add_text(at, token.literal);
        break;
      case Token::Kind::any_character:
      case Token::Kind::one_of:
        if (here && at < address.size() && matches_one(token, address[at])) to.set(at + 1);
        break;
      case Token::Kind::choice:
        if (here) {
          for (const std::string& text : token.choices)
            add_text(at, text);
        }
        break;
      case Token::Kind::any_run:
        running = running || here;
        to.set(at, running);
        if (at < address.size() && address[at] == '/') running = false;
        break;
      case Token::Kind::any_parts:
        running = running || (here && at < address.size() && address[at] == '/');
        if (running && at < address.size() && address[at] == '/') to.set(at + 1);
        break;
    }
  }
  return to;
}

}  // namespace roomwire::osc
