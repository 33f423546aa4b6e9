// What a native peer reads and writes: lines of JSON, and payloads as peers/payload.mjs has them.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <roomwire/roomwire.hpp>
#include <string>
#include <string_view>

namespace json = boost::json;

/// One line on standard output.
void print(const json::object& message);

/// The value of `key` in a command; without one, nothing, `otherwise` or false.
std::string text_of(const json::object& command, std::string_view key);
std::uint64_t number_of(const json::object& command, std::string_view key, std::uint64_t otherwise);
bool flag_of(const json::object& command, std::string_view key);

/// {"text"}, {"jsonText"}, {"hex"}, or {"fill","seed"} for a pattern of that many bytes.
roomwire::Result<roomwire::Payload> decode_payload(const json::object& spec);
json::object describe_payload(const roomwire::Payload& payload);
