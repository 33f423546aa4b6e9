#include "rtc/sdp.hpp"

#include <algorithm>
#include <optional>

#include "base/encoding.hpp"
#include "base/number.hpp"

namespace roomwire::rtc {
namespace {

constexpr std::size_t max_fingerprints = 8;
constexpr std::string_view data_channel_format = "webrtc-datachannel";

char to_lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower)
    letter = to_lower(letter);
  return lower;
}

/// Takes the text up to `separator` off the front of `rest`; all of it when there is none.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

std::string_view take_line(std::string_view& rest) {
  std::string_view line = take_until(rest, '\n');
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// RFC 8839 section 5.4: ice-char.
bool is_ice_text(std::string_view text, std::size_t min, std::size_t max) {
  return text.size() >= min && text.size() <= max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           const char lower = to_lower(c);
           return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
         });
}

/// No control character, so that it can stand in a line of ours.
bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
  });
}

std::optional<Fingerprint> parse_fingerprint(std::string_view value) {
  const std::string algorithm = to_lower(take_until(value, ' '));
  std::string hex;
  while (!value.empty()) {
    const std::string_view octet = take_until(value, ':');
    if (octet.size() != 2) return std::nullopt;
    hex += octet;
  }
  auto digest = from_hex(hex);
  if (!digest || digest->empty()) return std::nullopt;
  return Fingerprint{algorithm, std::move(*digest)};
}

/// What may stand at the session's level and in each section.
struct Attributes {
  std::string ufrag;
  std::string password;
  std::vector<Fingerprint> fingerprints;
  std::optional<DtlsSetup> setup;

  /// Takes over what `other` has and this lacks.
  void complete_from(const Attributes& other) {
    if (ufrag.empty()) {
      ufrag = other.ufrag;
      password = other.password;
    }
    if (fingerprints.empty()) fingerprints = other.fingerprints;
    if (!setup) setup = other.setup;
  }
};

struct ParsedSection {
  MediaSection media;
  Attributes attributes;
  std::uint16_t port = 0;
  bool bundle_only = false;
  std::optional<std::uint16_t> sctp_port;
  std::optional<std::uint64_t> max_message_size;
  std::vector<Candidate> candidates;

  bool is_data_channel() const {
    // RFC 8843 section 6: with bundle-only, port 0 does not mean refusal.
    if (media.kind != "application" || (port == 0 && !bundle_only)) return false;
    if (!media.protocol.ends_with("DTLS/SCTP")) return false;
    // The format was a port before RFC 8841, as in `DTLS/SCTP 5000`.
    return media.formats == data_channel_format ||
           parse_number<std::uint16_t>(media.formats).has_value();
  }
};

class Parser {
 public:
  Result<SessionDescription> parse(std::string_view sdp) {
    if (sdp.size() > SessionDescription::max_size) return refuse("is too long");
    if (!sdp.starts_with("v=0")) return refuse("does not begin with v=0");
    while (!sdp.empty()) {
      const std::string_view line = take_line(sdp);
      if (line.starts_with("m=")) {
        if (sections_.size() == SessionDescription::max_sections)
          return refuse("has too many sections");
        if (!begin_section(line.substr(2))) return refuse("has a malformed m= line");
      } else if (line.starts_with("a=")) {
        read_attribute(line);
      } else if (line.starts_with("o=")) {
        std::string_view value = line.substr(2);
        origin_ = take_until(value, ' ');
      }
    }
    return build();
  }

 private:
  static tl::unexpected<Error> refuse(const std::string& what) {
    return failure(ErrorKind::invalid_input, "the session description " + what);
  }

  bool begin_section(std::string_view line) {
    ParsedSection section;
    section.media.kind = take_until(line, ' ');
    // `9/2` would be a port and a count, for multicast.
    const auto port = parse_number<std::uint16_t>(take_until(line, ' '));
    section.media.protocol = take_until(line, ' ');
    section.media.formats = line;
    if (!port || line.empty() || !is_printable(section.media.kind) ||
        !is_printable(section.media.protocol) || !is_printable(line)) {
      return false;
    }
    section.port = *port;
    sections_.push_back(std::move(section));
    return true;
  }

  void read_attribute(std::string_view line) {
    std::string_view value = line.substr(2);
    const std::string_view name = take_until(value, ':');
    Attributes& attributes = sections_.empty() ? session_ : sections_.back().attributes;
    if (name == "ice-ufrag") {
      attributes.ufrag = value;
    } else if (name == "ice-pwd") {
      attributes.password = value;
    } else if (name == "fingerprint") {
      auto fingerprint = parse_fingerprint(value);
      if (fingerprint && attributes.fingerprints.size() < max_fingerprints) {
        attributes.fingerprints.push_back(std::move(*fingerprint));
      }
    } else if (name == "setup") {
      if (value == "actpass") attributes.setup = DtlsSetup::actpass;
      if (value == "active") attributes.setup = DtlsSetup::active;
      if (value == "passive") attributes.setup = DtlsSetup::passive;
    } else if (name == "group") {
      read_group(value);
    } else if (!sections_.empty()) {
      read_section_attribute(sections_.back(), name, value, line);
    }
  }

  void read_group(std::string_view value) {
    if (take_until(value, ' ') != "BUNDLE") return;
    while (!value.empty())
      bundle_.push_back(take_until(value, ' '));
  }

  void read_section_attribute(ParsedSection& section, std::string_view name, std::string_view value,
                              std::string_view line) {
    if (name == "mid") {
      if (is_printable(value)) section.media.mid = value;
    } else if (name == "sctp-port") {
      section.sctp_port = parse_number<std::uint16_t>(value);
    } else if (name == "sctpmap") {
      section.sctp_port = parse_number<std::uint16_t>(take_until(value, ' '));
    } else if (name == "max-message-size") {
      section.max_message_size = parse_number<std::uint64_t>(value);
    } else if (name == "bundle-only") {
      section.bundle_only = true;
    } else if (name == "rtpmap") {
      if (is_printable(line)) section.media.rtpmaps.emplace_back(line);
    } else if (name == "candidate" && candidates_ < SessionDescription::max_candidates) {
      if (auto candidate = Candidate::parse(line)) {
        section.candidates.push_back(std::move(*candidate));
        ++candidates_;
      }
    }
  }

  Result<SessionDescription> build() {
    const auto data = std::find_if(sections_.begin(), sections_.end(),
                                   [](const auto& section) { return section.is_data_channel(); });
    if (data == sections_.end()) return refuse("has no data channel section");
    Attributes attributes = data->attributes;
    attributes.complete_from(session_);
    // In a BUNDLE group the transport may be described in another of its sections.
    for (const ParsedSection& section : sections_)
      attributes.complete_from(section.attributes);
    if (!is_ice_text(attributes.ufrag, 4, 256)) return refuse("has no valid ice-ufrag");
    if (!is_ice_text(attributes.password, 22, 256)) return refuse("has no valid ice-pwd");
    if (attributes.fingerprints.empty()) return refuse("has no valid fingerprint");

    SessionDescription description;
    description.origin = origin_;
    description.credentials = {std::move(attributes.ufrag), std::move(attributes.password)};
    description.fingerprints = std::move(attributes.fingerprints);
    description.setup = attributes.setup.value_or(DtlsSetup::actpass);
    description.sctp_port = data->sctp_port.value_or(5000);
    if (description.sctp_port == 0) return refuse("has no valid sctp-port");
    description.max_message_size =
        data->max_message_size.value_or(SessionDescription::default_max_message_size);
    description.data_section = static_cast<std::size_t>(data - sections_.begin());
    description.bundled =
        std::find(bundle_.begin(), bundle_.end(), data->media.mid) != bundle_.end();
    for (ParsedSection& section : sections_) {
      description.sections.push_back(std::move(section.media));
      description.candidates.insert(description.candidates.end(), section.candidates.begin(),
                                    section.candidates.end());
    }
    return description;
  }

  std::string_view origin_;
  Attributes session_;
  std::vector<ParsedSection> sections_;
  std::vector<std::string_view> bundle_;
  std::size_t candidates_ = 0;
};

class Writer {
 public:
  void line(std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts)
      text_ += part;
    text_ += "\r\n";
  }

  void session(const LocalDescription& local, std::string_view bundled_mid) {
    line({"v=0"});
    line({"o=- ", std::to_string(local.session_id), " ", std::to_string(local.session_version),
          " IN IP4 127.0.0.1"});
    line({"s=-"});
    line({"t=0 0"});
    if (!bundled_mid.empty()) line({"a=group:BUNDLE ", bundled_mid});
    line({"a=msid-semantic: WMS"});
    line({"a=tool:roomwire"});  // RFC 8866 section 6.3: who wrote it
  }

  void data_section(const LocalDescription& local, const MediaSection& section) {
    line({"m=application 9 ", section.protocol, " ", section.formats});
    line({"c=IN IP4 0.0.0.0"});
    for (const Candidate& candidate : local.candidates)
      line({"a=", candidate.to_string()});
    line({"a=ice-ufrag:", local.credentials.ufrag});
    line({"a=ice-pwd:", local.credentials.password});
    line({"a=ice-options:trickle"});
    line({"a=fingerprint:", local.fingerprint.to_string()});
    line({"a=setup:", setup_name(local.setup)});
    if (!section.mid.empty()) line({"a=mid:", section.mid});
    if (section.formats == data_channel_format) {
      line({"a=sctp-port:5000"});
    } else {
      line({"a=sctpmap:", section.formats, " ", data_channel_format, " 1024"});
    }
    line({"a=max-message-size:", std::to_string(local.max_message_size)});
  }

  /// RFC 8829 section 5.3.1: port 0, with the offer's formats and no transport.
  void refused_section(const MediaSection& section) {
    line({"m=", section.kind, " 0 ", section.protocol, " ", section.formats});
    line({"c=IN IP4 0.0.0.0"});
    if (!section.mid.empty()) line({"a=mid:", section.mid});
    line({"a=inactive"});
    for (const std::string& rtpmap : section.rtpmaps)
      line({rtpmap});
  }

  std::string take() { return std::move(text_); }

 private:
  static std::string_view setup_name(DtlsSetup setup) {
    switch (setup) {
      case DtlsSetup::active:
        return "active";
      case DtlsSetup::passive:
        return "passive";
      case DtlsSetup::actpass:
        break;
    }
    return "actpass";
  }

  std::string text_;
};

}  // namespace

Result<SessionDescription> SessionDescription::parse(std::string_view sdp) {
  return Parser().parse(sdp);
}

std::string write_offer(const LocalDescription& local) {
  MediaSection section;
  section.protocol = "UDP/DTLS/SCTP";
  section.formats = data_channel_format;
  section.mid = "0";
  Writer writer;
  writer.session(local, section.mid);
  writer.data_section(local, section);
  return writer.take();
}

std::string write_answer(const LocalDescription& local, const SessionDescription& offer) {
  Writer writer;
  const std::string& mid = offer.sections[offer.data_section].mid;
  writer.session(local, offer.bundled ? std::string_view(mid) : std::string_view());
  for (std::size_t i = 0; i < offer.sections.size(); ++i) {
    if (i == offer.data_section) {
      writer.data_section(local, offer.sections[i]);
    } else {
      writer.refused_section(offer.sections[i]);
    }
  }
  return writer.take();
}

}  // namespace roomwire::rtc
