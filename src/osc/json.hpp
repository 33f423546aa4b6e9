// OSC as JSON and back: what a patch sends and receives.
#pragma once

#include <cstddef>
#include <optional>
#include <roomwire/error.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "osc/float_memory.hpp"
#include "osc/message.hpp"
#include "osc/pattern.hpp"
#include "osc/refusal.hpp"

namespace roomwire::osc {

/// What a JSON number becomes where no rule and no {"type","value"} says it. JSON cannot tell 440
/// from 440.0, so a number is whole by its value.
enum class Numbers {
  /// Whole is i, other is f. What has once been other stays f (see FloatMemory), as receivers read
  /// 1 and 1.0 differently. Whole beyond int32 is as Wide says.
  automatic,
  /// All are f. What float32 cannot hold is refused.
  as_float,
  /// Rounded to the nearest whole number, halves away from zero, and then as automatic.
  as_integer,
};

/// What a whole number beyond 32 bits becomes. Few programs read 64 bits.
enum class Wide {
  as_int64,   ///< h, and beyond that d.
  as_float,   ///< f. What float32 cannot hold is refused.
  as_double,  ///< d
};

enum class Booleans {
  as_tags,     ///< T and F, which have no value: many programs see nothing.
  as_integer,  ///< i 1 and i 0.
};

/// What an array within the arguments becomes.
enum class Arrays {
  flatten,  ///< Its items.
  keep,     ///< [ ]
};

/// The type of the plain numbers and booleans of the messages whose address matches: "/synth/*=f".
/// A number that does not fit (1.5 for i) is refused; what is neither keeps its type.
struct TypeRule {
  Pattern pattern;
  char tag = 'f';  ///< i, f, h or d

  /// PATTERN=TYPE, where TYPE is i, f, h, d or a name: int, integer, float, double, …
  static Result<TypeRule> parse(std::string_view text);
};

/// What is not said by {"type","value"}.
struct TypeOptions {
  Numbers numbers = Numbers::automatic;
  Booleans booleans = Booleans::as_tags;
  Wide wide = Wide::as_int64;
  Arrays arrays = Arrays::flatten;
  /// The first that matches counts, and more than all others.
  std::vector<TypeRule> rules{};
};

/// A longer JSON text is refused unread.
constexpr std::size_t max_json_size = std::size_t{4} << 20;

/// An array of more messages and bundles is refused from the next one on.
constexpr std::size_t max_json_packets = 32'768;

struct FromJson {
  std::vector<Packet> packets;
  Refusals refused;
  /// The address of the first message of which a whole number became h or d by Wide::as_int64.
  std::optional<std::string> widened;
};

/// Reads OSC out of one JSON value:
/// - {"address","args"}: a message. "args" is an array or one bare value (null is N), or missing.
///   Beside them "types":",ff" types the arguments, as messages of osc-js say it and append_json()
///   does: each tag that fits its value, and i only where Numbers would not say f.
/// - ["/address", arg, …]: a message, as node-osc takes it.
/// - {"timetag","elements":[…]} of node-osc, {"timeTag","packets":[…]} of osc.js, and
///   {"timetag","bundleElements":[…]} of osc-js: a bundle of messages and bundles.
/// - a message with a "timeTag" or "timetag" beside its address: a bundle of that one message.
/// - An array of all these.
/// Arguments: number, see Numbers; string s; true and false, see Booleans; null N;
/// {"type":"Buffer","data"} b; {"high","low"} h; a nested array, see Arrays; and {"type","value"}
/// with a tag or a name of node-osc, osc-min and osc.js:
///   i integer int int32      a whole number of 32 bits
///   f float float32          a number, "NaN", "Infinity" or "-Infinity"
///   d double float64         the same
///   h int64 bigint           a whole number, its decimal digits, or {"high","low"}
///   s string, S symbol       a string without NUL
///   b blob                   base64, a Buffer, an array of bytes, or {"0":1,"1":255,…}, which is
///                            what JSON.stringify makes of a Uint8Array
///   t timetag                the NTP time's decimal digits, {"raw":[seconds since 1900, fraction]}
///                            or that array, {"value":{"seconds","fractions"}} of the same,
///                            {"native": milliseconds since 1970}, or a number of seconds since
///                            1970; 0 and null: immediately
///   c char                   a string of one character, or its code
///   r rgba color             {"r","g","b","a"}: 0 to 255, and a from 0 to 1 (without: 1), or
///                            {"red","green","blue","alpha"}, all 0 to 255 (without alpha: 255)
///   m midi                   4 bytes as of b, or {"port","status","data1","data2"}
///   boolean bool             true, false or a number, see Booleans
///   T true, F false, N null nil, I infinitum impulse bang: a value is not looked at
///   array                    an array, which becomes an OSC array [ ]
/// A message with an argument or an address (see address_fault) that cannot be sent is refused
/// whole; those around it are not. A bundle of which nothing is left is left out. Each reason names
/// the part. The packets may still be too big to encode(). `memory` is what was learnt from earlier
/// texts; without one, nothing was.
FromJson from_json(std::string_view text, const TypeOptions& options = {},
                   FloatMemory* memory = nullptr);

enum class JsonForm {
  /// Values that a patch can use at once and send straight back: numbers for i f d, strings for
  /// s S c, true, false, null, arrays for [ ]. What JSON has no value for is {"type","value"}: h
  /// and t with decimal digits, b with base64, r, m, I, and NaN and the infinities. Sent back,
  /// every value is the same, but its type may not be: f 440 comes back as i, d 0.5 as f, S as s. A
  /// message with arrays has its tags beside it, {"address","args","types":",i[ff]"}, and comes
  /// back as it was.
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
