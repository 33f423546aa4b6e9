#include "cli/commands/netrecv.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "cli/flags/command_parser.hpp"
#include "cli/flags/flag_values.hpp"
#include "cli/io/line_writer.hpp"
#include "cli/io/output_format.hpp"
#include "cli/screen/loss_report.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/session.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

// For the farewell; a receiver has nothing else to send.
constexpr auto leave_drain = 1s;
// What a stopped receiver may still write to a reader that does not keep up.
constexpr std::optional<std::chrono::milliseconds> last_write = 1s;

// While it is waited for the reader, nothing is read from the peers: those of roomwire wait for
// ever, those of Trystero drop a message that makes no progress for 10 s, then the connection
// (@trystero-p2p/core: room).
constexpr auto reader_patience = 2s;

LineWriter::Patience patience_of(const NetrecvOptions& options) {
  LineWriter::Patience out;
  out.spool = options.spool;
  out.wait = reader_patience;
  return out;
}

/// Prints messages as they come. When nobody reads the output, no more is read from the peers for
/// a moment; then it is kept on disk, and at last lost.
class Receiver {
 public:
  Receiver(Session& session, const NetrecvOptions& options)
      : session_(session),
        format_(options.format),
        left_(options.count),
        to_terminal_(isatty(STDOUT_FILENO) == 1),
        losses_(session, [](const std::string& line) { complain(line); }),
        writer_(STDOUT_FILENO, patience_of(options), events()) {}

  Result<void> listen(const std::string& channel) {
    auto action = session_.room().action(channel);
    if (!action) return tl::unexpected(action.error());
    action->on_message([this, channel](const Message& message) { take(channel, message); });
    return {};
  }

  /// Once the loop has ended: writes what is left. The errno of what went wrong with the output,
  /// or 0.
  int finish() {
    losses_.end();
    return writer_.finish(session_.cut_short() ? last_write : session_.time_left());
  }
  std::uint64_t unwritten() const { return writer_.unwritten(); }
  bool lost_some() const { return losses_.any(); }

 private:
  void take(const std::string& channel, const Message& message) {
    if (session_.finishing()) return;
    line_.clear();
    append_message(line_, format_, std::chrono::system_clock::now(), channel, message);
    if (to_terminal_ && format_ == OutputFormat::raw) {
      line_ = printable(line_.substr(0, line_.size() - 1), line_.size()) + '\n';
    }
    switch (writer_.append(line_)) {
      case LineWriter::Taken::yes:
        break;
      case LineWriter::Taken::full:
        session_.context().set_receiving(false);
        break;
      case LineWriter::Taken::no:
        return losses_.lost_message(message.from.str());
    }
    if (left_ && --*left_ == 0) session_.finish(exit_fine, leave_drain);
  }

  LineWriter::Events events() {
    LineWriter::Events events;
    events.on_room = [this] {
      session_.context().post([this] { session_.context().set_receiving(true); });
    };
    events.on_failure = [this] {
      session_.context().post([this] { session_.finish(exit_fine, leave_drain); });
    };
    events.on_spool_failure = [this](int error) {
      session_.context().post([this, error] {
        session_.status().note(
            Tone::bad,
            fmt::format("cannot keep what comes in {}: {}; TMPDIR names another folder",
                        printable(Spool::folder()), std::generic_category().message(error)));
      });
    };
    return events;
  }

  Session& session_;
  const OutputFormat format_;
  std::optional<std::uint64_t> left_;
  const bool to_terminal_;
  std::string line_;
  LossReport losses_;
  LineWriter writer_;  // last: its thread calls us
};

int run(const NetrecvOptions& options) {
  auto created = Session::create(options.connection, 1);
  if (!created) return fail_with(created.error());
  Session& session = **created;
  Receiver receiver(session, options);
  for (const std::string& channel : options.channels) {
    if (const auto listening = receiver.listen(channel); !listening) {
      return fail_with(listening.error());
    }
  }
  int exit_code = session.run();
  if (receiver.lost_some()) exit_code = exit_failed;
  const int error = receiver.finish();
  // Whoever read the output may go when it has enough, as head(1) does.
  if (error == 0 || error == EPIPE) return exit_code;
  if (error == ETIMEDOUT) {
    session.status().note(Tone::bad,
                          fmt::format("standard output is not read: its last {} bytes are lost",
                                      receiver.unwritten()));
    return session.cut_short() || exit_code == exit_failed ? exit_code : exit_timed_out;
  }
  complain("cannot write the output: " + std::generic_category().message(error));
  return exit_failed;
}

// ---- flags ----

constexpr CommandHelp netrecv_help{
    R"(Print what comes on channels of a room, one message a line, as compact JSON
that can be piped into a netsend of another room or channel.)",
    R"(Examples:
  roomwire netrecv chat --room my-room
  roomwire netrecv osc dmx --json --room 'https://patchies.app/?room=my-room'
  roomwire netrecv chat -r -C 1 -W 60 --room my-room
Bytes are printed as {"type":"Buffer","data":[1,2]}, with --json as base64.
When nobody reads the output for 2 seconds, what comes is kept on disk (in
$TMPDIR or /var/tmp). What has no room there is lost: said, and exit code 1.
Connection flags have variables, too: --ice-port is ROOMWIRE_ICE_PORT.)"};

}  // namespace

NetrecvOptions parse_netrecv(const std::vector<std::string>& arguments,
                             const Environment& environment) {
  NetrecvOptions options;
  CommandParser parser("netrecv", netrecv_help);
  CLI::App& app = parser.app();
  app.add_option("CHANNEL", options.channels, "Channels to listen on")->type_name("")->required();
  app.add_flag_callback(
      "-r,--raw", [&] { options.format = OutputFormat::raw; }, "Print strings bare");
  app.add_flag_callback(
      "--json", [&] { options.format = OutputFormat::envelope; },
      R"(Print {"ts","channel","peer","data"} a message)");
  parser.add_value(
      {"-C,--count", "N", "End after this many messages", false, [&](const std::string& value) {
         return store(parse_number(value, 1, UINT64_MAX), options.count);
       }});
  parser.add_value(
      {"--spool", "BYTES", "Kept on disk while nobody reads the output (1G)", false,
       [&](const std::string& value) { return store(parse_size(value), options.spool); }});
  app.add_flag("--passive", options.connection.room.passive,
               "Announce nothing until an active peer comes");
  parser.add_connection(options.connection);
  parser.parse(arguments, environment);
  parser.check_connection(options.connection);
  parser.exclude("--raw", "--json");
  return options;
}

Command netrecv_command() {
  return {"netrecv", "CHANNEL...", "Print what comes on channels of a room",
          [](const std::vector<std::string>& arguments, const Environment& environment) -> Run {
            return [options = parse_netrecv(arguments, environment)] { return run(options); };
          }};
}

}  // namespace roomwire::cli
