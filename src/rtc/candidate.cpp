#include "rtc/candidate.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/crypto.hpp"
#include "base/number.hpp"

namespace roomwire::rtc {
namespace {

// A name of RFC 8839's candidate-types and its preference, as RFC 8445 section 5.1.2.2 advises.
struct TypeTraits {
  std::string_view name;
  CandidateType type;
  std::uint32_t preference;
};
constexpr TypeTraits candidate_types[] = {{"host", CandidateType::host, 126},
                                          {"srflx", CandidateType::server_reflexive, 100},
                                          {"prflx", CandidateType::peer_reflexive, 110},
                                          {"relay", CandidateType::relayed, 0}};

const TypeTraits& traits_of(CandidateType type) {
  return *std::find_if(std::begin(candidate_types), std::end(candidate_types),
                       [type](const TypeTraits& traits) { return traits.type == type; });
}

/// Far longer than any candidate seen; RFC 8839 sets no limit.
constexpr std::size_t max_line = 512;
/// RFC 8839: 1 to 32 characters.
constexpr std::size_t max_foundation = 32;
constexpr std::string_view mdns_suffix = ".local";

/// Takes words off the front of a line, whatever the white space between them.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}
  /// The next one, or an empty view at the end.
  std::string_view next() {
    const std::size_t start = std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size());
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n", start), rest_.size());
    const std::string_view word = rest_.substr(start, end - start);
    rest_.remove_prefix(end);
    return word;
  }

 private:
  std::string_view rest_;
};

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

std::optional<CandidateType> parse_type(std::string_view name) {
  for (const TypeTraits& traits : candidate_types) {
    if (name == traits.name) return traits.type;
  }
  return std::nullopt;
}

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// The characters of host names only: someone will print or resolve it.
bool is_mdns_name(std::string_view name) {
  return name.size() > mdns_suffix.size() &&
         equals_ignoring_case(name.substr(name.size() - mdns_suffix.size()), mdns_suffix) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.'; });
}

/// RFC 8839's ice-char, and `_` and `-`, which some implementations put into foundations.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '+' || c == '/' || c == '-' || c == '_';
  });
}

/// A zone (`%eth0`, `%2`) is the peer's name for an interface of its own, and no business of ours.
std::optional<IpAddress> parse_bare_address(std::string_view text) {
  return IpAddress::parse(text.substr(0, text.find('%')));
}

void parse_extensions(Words& words, Candidate& candidate) {
  std::optional<IpAddress> address;
  std::optional<std::uint16_t> port;
  for (std::string_view name = words.next(); !name.empty(); name = words.next()) {
    const std::string_view value = words.next();
    if (name == "raddr") address = parse_bare_address(value);
    if (name == "rport") port = parse_number<std::uint16_t>(value);
  }
  // Browsers that hide their addresses say 0.0.0.0 and 0, which tells nothing but does no harm.
  if (address && port) candidate.related = Endpoint{*address, *port};
}

/// The candidate's address or mDNS name.
bool parse_address(std::string_view text, Candidate& candidate) {
  if (const auto address = parse_bare_address(text)) {
    candidate.endpoint.address = *address;
    return true;
  }
  if (!is_mdns_name(text)) return false;  // Other host names would have us look up anything.
  candidate.mdns_name = text;
  return true;
}

}  // namespace

std::optional<Candidate> Candidate::parse(std::string_view line) {
  if (line.size() > max_line) return std::nullopt;
  if (line.starts_with("a=")) line.remove_prefix(2);
  constexpr std::string_view prefix = "candidate:";
  if (!line.starts_with(prefix)) return std::nullopt;
  line.remove_prefix(prefix.size());
  Words words(line);
  Candidate candidate;
  candidate.foundation = words.next();
  const std::string_view component = words.next();
  const std::string_view transport = words.next();
  const auto priority = parse_number<std::uint32_t>(words.next());
  const std::string_view address = words.next();
  const auto port = parse_number<std::uint16_t>(words.next());
  const std::string_view typ = words.next();
  const auto type = parse_type(words.next());
  if (!is_token(candidate.foundation) || candidate.foundation.size() > max_foundation) {
    return std::nullopt;
  }
  if (component != "1" || !equals_ignoring_case(transport, "udp")) return std::nullopt;
  if (!priority || !port || *port == 0 || typ != "typ" || !type) return std::nullopt;
  if (!parse_address(address, candidate)) return std::nullopt;
  candidate.priority = *priority;
  candidate.endpoint.port = *port;
  candidate.type = *type;
  parse_extensions(words, candidate);
  return candidate;
}

std::string Candidate::to_string() const {
  // A zone means nothing to anyone else (RFC 8839 section 5.1).
  const auto bare = [](const IpAddress& address) { return address.with_scope(0).to_string(); };
  std::string line = "candidate:" + foundation + " 1 udp " + std::to_string(priority) + " ";
  line += mdns_name.empty() ? bare(endpoint.address) : mdns_name;
  line += " " + std::to_string(endpoint.port) + " typ " + std::string(traits_of(type).name);
  if (related) {
    line += " raddr " + bare(related->address) + " rport " + std::to_string(related->port);
  }
  return line;
}

std::uint32_t candidate_priority(CandidateType type, std::uint16_t local_preference) {
  constexpr std::uint32_t component = 1;
  return traits_of(type).preference << 24 | std::uint32_t{local_preference} << 8 |
         (256 - component);
}

std::string candidate_foundation(CandidateType type, const IpAddress& base,
                                 const std::optional<IpAddress>& server) {
  const std::string parts = std::string(traits_of(type).name) + " " + base.to_string() + " " +
                            (server ? server->to_string() : "");
  return std::to_string(crc32(as_bytes(parts)));
}

}  // namespace roomwire::rtc
