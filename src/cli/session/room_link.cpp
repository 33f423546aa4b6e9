#include "cli/session/room_link.hpp"

#include <algorithm>

namespace roomwire::cli {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view name_of(std::string_view pair) {
  return pair.substr(0, pair.find('='));
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', hex[byte >> 4U], hex[byte & 0xfU]});
    }
  }
  return out;
}

std::optional<std::string> query_value(std::string_view url, std::string_view name) {
  url = url.substr(0, url.find('#'));
  const std::size_t question = url.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  std::string_view query = url.substr(question + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (percent_decoded(name_of(pair)) != name) continue;
    return percent_decoded(pair.substr(std::min(name_of(pair).size() + 1, pair.size())));
  }
  return std::nullopt;
}

std::string room_link(std::string_view page, const RoomId& room) {
  const std::string_view fragment = page.substr(std::min(page.find('#'), page.size()));
  page.remove_suffix(fragment.size());
  const std::size_t question = std::min(page.find('?'), page.size());
  std::string_view query = page.substr(std::min(question + 1, page.size()));
  std::string out(page.substr(0, question));
  out += "?room=" + percent_encoded(room.str());
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty() || percent_decoded(name_of(pair)) == "room") continue;
    out.push_back('&');
    out.append(pair);
  }
  return out.append(fragment);
}

}  // namespace roomwire::cli
