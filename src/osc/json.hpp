// OSC as JSON and back: what a patch sends and receives.
#pragma once

#include <cstddef>
#include <roomwire/error.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "osc/message.hpp"
#include "osc/pattern.hpp"
#include "osc/refusal.hpp"

namespace roomwire::osc {

/// What a JSON number becomes where no rule and no {"type","value"} says it. JSON cannot tell 440
/// from 440.0, so a number is whole by its value.
enum class Numbers {
  /// As node-osc: whole is i, other is f. Whole beyond int32 (where node-osc throws) is h while
  /// it fits int64, and beyond that d.
  automatic,
  /// All are f. What float32 cannot hold is refused.
  as_float,
  /// Rounded to the nearest whole number, halves away from zero, and then as automatic.
  as_integer,
};

/// The type of the plain numbers of the messages whose address matches: "/synth/*=f". A number
/// that does not fit (1.5 for i) is refused; strings and what is not a number keep their type.
struct TypeRule {
  Pattern pattern;
  char tag = 'f';  ///< i, f, h or d

  /// PATTERN=TYPE, where TYPE is i, f, h, d or a name: int, integer, float, double, …
  static Result<TypeRule> parse(std::string_view text);
};

struct NumberTypes {
  Numbers numbers = Numbers::automatic;
  /// The first that matches counts.
  std::vector<TypeRule> rules;
};

/// A longer JSON text is refused unread.
constexpr std::size_t max_json_size = std::size_t{4} << 20;

/// An array of more messages and bundles is refused from the next one on.
constexpr std::size_t max_json_packets = 32'768;

struct FromJson {
  std::vector<Packet> packets;
  Refusals refused;
};

/// Reads OSC out of one JSON value:
/// - {"address","args"}: a message. "args" is an array or one bare value (null is N), or missing.
/// - ["/address", arg, …]: a message, as node-osc takes it.
/// - {"timetag","elements":[…]} of node-osc and {"timeTag","packets":[…]} of osc.js: a bundle of
///   messages and bundles.
/// - a message with a "timeTag" or "timetag" beside its address: a bundle of that one message.
/// - An array of all these.
/// Arguments: number, see Numbers; string s; true T; false F; null N; {"type":"Buffer","data"} b;
/// {"high","low"} h; a nested array is flattened, as node-osc does it; and {"type","value"} with a
/// tag or a name of node-osc, osc-min and osc.js:
///   i integer int int32      a whole number of 32 bits
///   f float float32          a number, "NaN", "Infinity" or "-Infinity"
///   d double float64         the same
///   h int64 bigint           a whole number, its decimal digits, or {"high","low"}
///   s string, S symbol       a string without NUL
///   b blob                   base64, a Buffer, an array of bytes, or {"0":1,"1":255,…}, which is
///                            what JSON.stringify makes of a Uint8Array
///   t timetag                the NTP time's decimal digits, {"raw":[seconds since 1900, fraction]}
///                            or that array, {"native": milliseconds since 1970}, or a number of
///                            seconds since 1970; 0 and null: immediately
///   c char                   a string of one character, or its code
///   r rgba color             {"r","g","b","a"}: 0 to 255, and a from 0 to 1 (without: 1)
///   m midi                   4 bytes as of b, or {"port","status","data1","data2"}
///   boolean bool             true, false or a number
///   T true, F false, N null nil, I infinitum impulse bang: a value is not looked at
///   array                    an array, which becomes an OSC array [ ]
/// A message with an argument or an address (see address_fault) that cannot be sent is refused
/// whole; those around it are not. A bundle of which nothing is left is left out. Each reason names
/// the part. The packets may still be too big to encode().
FromJson from_json(std::string_view text, const NumberTypes& types = {});

enum class JsonForm {
  /// Values that a patch can use at once and send straight back: numbers for i f d, strings for
  /// s S c, true, false, null, arrays for [ ]. What JSON has no value for is {"type","value"}: h
  /// and t with decimal digits, b with base64, r, m, I, and NaN and the infinities. Sent back,
  /// every value is the same, but its type may not be: f 440 comes back as i, d 0.5 as f, S as s,
  /// arrays flattened.
  plain,
  /// Every argument is {"type","value"}. from_json() gives the same message, bit for bit, except
  /// that all NaNs are one, and that text which is not UTF-8 has U+FFFD in its place.
  typed,
};

/// Appends {"address","args":[…]}.
void append_json(const Message& message, JsonForm form, std::string& out);
/// A bundle is {"timeTag":"decimal digits","packets":[…]}; "1" is immediately.
void append_json(const Packet& packet, JsonForm form, std::string& out);

}  // namespace roomwire::osc
