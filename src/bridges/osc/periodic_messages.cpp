#include "bridges/osc/periodic_messages.hpp"

#include <base/number.hpp>
#include <osc/codec.hpp>
#include <osc/refusal.hpp>
#include <utility>

namespace roomwire::bridges {

namespace {

constexpr Duration shortest = 100ms;
constexpr Duration longest = std::chrono::hours(1);

std::optional<Duration> read_interval(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = parse_number<double>(text.substr(0, digits));
  const std::string_view unit = text.substr(digits);
  const double ms = unit == "ms" ? 1 : unit == "s" ? 1e3 : unit == "min" ? 60e3 : 0;
  if (!number || ms == 0 || *number * ms > 3'600e3) return std::nullopt;
  const auto interval =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(*number * ms));
  if (interval < shortest || interval > longest) return std::nullopt;
  return interval;
}

osc::Argument read_argument(std::string_view word) {
  if (const auto whole = parse_number<std::int32_t>(word)) return *whole;
  // from_chars knows nan and inf as well, which are words here.
  if (word.find_first_not_of("+-.0123456789eE") == std::string_view::npos) {
    if (const auto number = parse_number<float>(word)) return *number;
  }
  return std::string(word);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return words;
    words.push_back(text.substr(0, text.find(' ')));
    text.remove_prefix(words.back().size());
  }
}

}  // namespace

Result<PeriodicMessage> PeriodicMessage::parse(std::string_view text) {
  const auto wrong = [&](const std::string& problem) {
    return failure(ErrorKind::invalid_input, in_quotes(text) + ": " + problem);
  };
  const std::size_t equals = text.find('=');
  const auto interval = read_interval(text.substr(0, equals));
  if (!interval || equals == std::string_view::npos)
    return wrong("write how often and what, as 9s=/xremote; from 100ms to 60min");
  const auto words = words_of(text.substr(equals + 1));
  if (words.empty()) return wrong("the OSC address is missing: write 9s=/xremote");
  PeriodicMessage out{*interval, {std::string(words.front()), {}}};
  for (std::size_t i = 1; i < words.size(); ++i)
    out.message.args.push_back(read_argument(words[i]));
  Bytes unused;
  if (const auto encoded = osc::encode(out.message, unused); !encoded)
    return wrong(encoded.error().message);
  return out;
}

PeriodicMessages::PeriodicMessages(net::Loop& loop, std::vector<PeriodicMessage> messages,
                                   Send send)
    : loop_(loop), send_(std::move(send)) {
  for (PeriodicMessage& message : messages) {
    Entry& entry = entries_.emplace_back(Entry{std::move(message), {}, nullptr});
    // parse() has seen that it can be.
    (void)osc::encode(entry.what.message, entry.packet);
  }
  for (Entry& entry : entries_)
    entry.timer = std::make_unique<net::Timer>(loop, [this, &entry] { this->send(entry); });
}

void PeriodicMessages::start() {
  for (Entry& entry : entries_)
    send(entry);
}

void PeriodicMessages::repeat(const Send& send) const {
  for (const Entry& entry : entries_)
    send(entry.what.message, entry.packet);
}

void PeriodicMessages::send(Entry& entry) {
  send_(entry.what.message, entry.packet);
  entry.timer->set(loop_.now() + entry.what.interval);
}

}  // namespace roomwire::bridges
