#include "cli/io/output_format.hpp"

#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

void append_as_buffer(std::string& out, const Bytes& bytes) {
  out.append(R"({"type":"Buffer","data":[)");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out.push_back(',');
    fmt::format_to(std::back_inserter(out), "{}", bytes[i]);
  }
  out.append("]}");
}

void append_envelope(std::string& out, std::chrono::system_clock::time_point now,
                     std::string_view channel, const Message& message) {
  out.append(R"({"ts":")");
  append_time(out, now);
  out.append(R"(","channel":)");
  append_json_string(out, channel);
  out.append(R"(,"peer":)");
  append_json_string(out, message.from.str());
  out.append(R"(,"data":)");
  if (const auto* bytes = std::get_if<Bytes>(&message.payload)) {
    out.push_back('"');
    append_base64(out, *bytes);
    out.append(R"(","encoding":"base64")");
  } else {
    append_value(out, message.payload, false);
  }
  if (message.metadata) {
    out.append(R"(,"metadata":)");
    out.append(message.metadata->text());
  }
  out.push_back('}');
}

}  // namespace

void append_value(std::string& out, const Payload& payload, bool bare_strings) {
  if (const auto* text = std::get_if<std::string>(&payload)) {
    if (bare_strings) {
      out.append(*text);
    } else {
      append_json_string(out, *text);
    }
  } else if (const auto* json = std::get_if<Json>(&payload)) {
    out.append(json->text());
  } else {
    append_as_buffer(out, std::get<Bytes>(payload));
  }
}

void append_time(std::string& out, std::chrono::system_clock::time_point now) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t time = seconds.count();
  std::tm parts{};
  gmtime_r(&time, &parts);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec, (since - seconds).count());
}

void append_message(std::string& out, OutputFormat format,
                    std::chrono::system_clock::time_point now, std::string_view channel,
                    const Message& message) {
  if (format == OutputFormat::envelope) {
    append_envelope(out, now, channel, message);
  } else {
    append_value(out, message.payload, format == OutputFormat::raw);
  }
  out.push_back('\n');
}

}  // namespace roomwire::cli
