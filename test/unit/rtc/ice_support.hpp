// What the tests of ICE have in common.
#pragma once

#include <chrono>

#include "rtc/candidate.hpp"
#include "rtc/ice_agent.hpp"

namespace roomwire::rtc {

inline Endpoint at(std::string_view text) {
  return Endpoint::parse(text).value();
}
inline Time ms(int milliseconds) {
  return Time{} + std::chrono::milliseconds(milliseconds);
}

inline Candidate host(std::string_view endpoint, std::uint16_t preference = 65535) {
  Candidate candidate;
  candidate.foundation = "1";
  candidate.type = CandidateType::host;
  candidate.priority = candidate_priority(CandidateType::host, preference);
  candidate.endpoint = at(endpoint);
  return candidate;
}

inline Candidate reflexive(std::string_view endpoint, std::string_view base) {
  Candidate candidate;
  candidate.foundation = "2";
  candidate.type = CandidateType::server_reflexive;
  candidate.priority = candidate_priority(CandidateType::server_reflexive, 65535);
  candidate.endpoint = at(endpoint);
  candidate.related = at(base);
  return candidate;
}

struct Datagram {
  Endpoint local;
  Endpoint remote;
  Bytes packet;
};

}  // namespace roomwire::rtc
