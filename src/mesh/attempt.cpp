#include "mesh/attempt.hpp"

#include "base/json_value.hpp"

namespace roomwire::mesh {
namespace {

/// The value of the first `a=<name>:` line.
std::string attribute(std::string_view sdp, std::string_view name) {
  const std::string prefix = "\na=" + std::string(name) + ":";
  const std::size_t at = sdp.find(prefix);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = sdp.substr(at + prefix.size());
  return std::string(rest.substr(0, rest.find_first_of("\r\n")));
}

// The tool is what a program says of itself (RFC 8866 section 6.3); of the others each WebRTC stack
// has a habit of its own.
std::string_view software_of(std::string_view sdp) {
  if (attribute(sdp, "tool") == "roomwire") return "roomwire";
  if (sdp.find("\no=mozilla") != std::string_view::npos) return "browser";
  // libwebrtc, which is in Chromium and Safari.
  if (sdp.find("\na=extmap-allow-mixed") != std::string_view::npos) return "browser";
  if (sdp.find("\no=rtc ") != std::string_view::npos) return "libdatachannel";
  return "";
}

}  // namespace

void Attempt::on_message(ByteView data, bool is_text) {
  if (is_text) {
    note(AttemptEvent::Text{});
  } else if (is_link_) {
    is_heard_ = true;
    hub_.handle_frame(now_, peer_, data);
  } else {
    note(AttemptEvent::Frame{Bytes(data.begin(), data.end())});
  }
}

void Attempt::set_remote_description(std::string_view sdp) {
  software_ = software_of(sdp);
}

void Attempt::set_local_description(const std::string& sdp) {
  mid_ = attribute(sdp, "mid");
  ufrag_ = attribute(sdp, "ice-ufrag");
}

std::string Attempt::candidate_init(const rtc::Candidate& candidate) const {
  boost::json::object init;
  init["candidate"] = candidate.to_string();
  init["sdpMid"] = mid_;
  init["sdpMLineIndex"] = 0;
  init["usernameFragment"] = ufrag_;
  return boost::json::serialize(init);
}

}  // namespace roomwire::mesh
