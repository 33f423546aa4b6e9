// Session descriptions (RFC 8866, JSEP: RFC 8829), as far as one data channel needs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "roomwire/error.hpp"
#include "rtc/candidate.hpp"
#include "rtc/types.hpp"

namespace roomwire::rtc {

/// An `m=` section of an offer, as much of it as its place in the answer has to repeat.
struct MediaSection {
  std::string kind;      ///< `application`, `audio`, `video`
  std::string protocol;  ///< `UDP/DTLS/SCTP`
  std::string formats;   ///< The rest of the line: payload types, or `webrtc-datachannel`.
  std::string mid;       ///< Empty when there is none.
  std::vector<std::string> rtpmaps;  ///< Whole lines, `a=rtpmap:…`.
};

/// What a peer's description says.
struct SessionDescription {
  /// RFC 8841 section 6.1: what holds without a=max-message-size.
  static constexpr std::uint64_t default_max_message_size = 65536;
  /// Chromium's with audio and video is about 10 KiB.
  static constexpr std::size_t max_size = 131072;
  static constexpr std::size_t max_sections = 64;
  static constexpr std::size_t max_candidates = 64;

  std::string origin;  ///< The user name of the o= line, by which some implementations are known.
  IceCredentials credentials;
  std::vector<Fingerprint> fingerprints;  ///< At least one, at most 8.
  DtlsSetup setup = DtlsSetup::actpass;
  std::uint16_t sctp_port = 5000;
  /// 0 means any size.
  std::uint64_t max_message_size = default_max_message_size;
  std::vector<Candidate> candidates;
  std::vector<MediaSection> sections;
  std::size_t data_section = 0;  ///< Which of `sections` is the data channel's.
  bool bundled = false;          ///< There is a BUNDLE group with the data section in it.

  /// Fails with invalid_input, and says what is wrong, when there is no data channel section with
  /// ICE credentials and a fingerprint, or a bound above is exceeded. Candidates that make no
  /// sense or exceed theirs are left out.
  static Result<SessionDescription> parse(std::string_view sdp);
};

/// What a description of ours says.
struct LocalDescription {
  std::uint64_t session_id = 0;       ///< Below 2^63 (RFC 8829 section 5.2.1).
  std::uint64_t session_version = 2;  ///< Grows with each description of a session.
  IceCredentials credentials;
  Fingerprint fingerprint;
  DtlsSetup setup = DtlsSetup::actpass;
  std::uint64_t max_message_size = 0;
  std::vector<Candidate> candidates;
};

std::string write_offer(const LocalDescription& local);
/// Keeps the data section, refuses all others.
std::string write_answer(const LocalDescription& local, const SessionDescription& offer);

}  // namespace roomwire::rtc
