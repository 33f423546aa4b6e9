#include "cli/commands/monitor.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "cli/flags/command_parser.hpp"
#include "cli/flags/flag_values.hpp"
#include "cli/io/line_writer.hpp"
#include "cli/io/output_format.hpp"
#include "cli/screen/loss_report.hpp"
#include "cli/screen/monitor_table.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/session.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto refresh_interval = 500ms;
constexpr auto ping_interval = 2s;
constexpr std::size_t max_pings = 64;  // a round; a room has rarely more peers
constexpr auto monitor_drain = 1s;
constexpr auto monitor_last_write = 1s;

/// Where a monitor's findings go.
class MonitorView {
 public:
  virtual ~MonitorView() = default;
  virtual void message(const std::string& channel, const Message& message) = 0;
  virtual void peer_changed(const PeerId& peer, bool is_here) = 0;
  virtual void measured(const PeerId& peer,
                        std::optional<std::chrono::microseconds> round_trip) = 0;
  /// The session has ended. The errno of what went wrong with the output, or 0.
  virtual int end() = 0;
};

/// A table that is drawn anew.
class TableView final : public MonitorView {
 public:
  explicit TableView(Session& session)
      : session_(session), table_(Clock::now(), session.room().id().str()) {
    refresh();
  }

  void message(const std::string& channel, const Message& message) override {
    table_.take(Clock::now(), channel, message);
  }
  void peer_changed(const PeerId& peer, bool is_here) override {
    if (is_here) {
      table_.joined(peer, session_.room().path(peer));
    } else {
      table_.left(peer);
    }
  }
  void measured(const PeerId& peer, std::optional<std::chrono::microseconds> round_trip) override {
    table_.measured(peer, round_trip);
  }
  int end() override {
    show_live("");
    show_block(table_.text(Clock::now(), terminal_size().rows - 1) + '\n');
    return 0;
  }

 private:
  void refresh() {
    if (session_.finishing()) return;
    const auto now = Clock::now();
    table_.tick(now);
    show_live(table_.text(now, terminal_size().rows - 1));
    session_.context().post_after(refresh_interval, [this] { refresh(); });
  }

  Session& session_;
  MonitorTable table_;
};

/// One line a message on standard output; as JSON, one of each other event, too.
class LineView final : public MonitorView {
 public:
  LineView(Session& session, bool as_json)
      : session_(session),
        as_json_(as_json),
        to_terminal_(isatty(STDOUT_FILENO) == 1),
        losses_(session,
                [&session](const std::string& line) { session.status().note(Tone::bad, line); }),
        writer_(STDOUT_FILENO, {}, events()) {}

  void message(const std::string& channel, const Message& message) override {
    line_.clear();
    if (as_json_) {
      append_message(line_, OutputFormat::envelope, std::chrono::system_clock::now(), channel,
                     message);
      line_.pop_back();
    } else {
      line_ = printable(channel) + ' ' + message.from.str() + ' ';
      append_value(line_, message.payload, false);
      if (to_terminal_) line_ = printable(line_, line_.size());
    }
    write();
  }

  void peer_changed(const PeerId& peer, bool is_here) override {
    if (!begin_event(is_here ? "join" : "leave", peer)) return;
    const auto path = is_here ? session_.room().path(peer) : std::nullopt;
    if (path) {
      line_ += R"(,"at":)";
      append_json_string(line_, path->remote);
      line_ += fmt::format(R"(,"path":"{}")", where(path->kind));
    }
    line_.push_back('}');
    write();
  }

  void measured(const PeerId& peer, std::optional<std::chrono::microseconds> round_trip) override {
    if (!begin_event("ping", peer)) return;
    line_ += round_trip
                 ? fmt::format(R"(,"ms":{:.3f}}})", static_cast<double>(round_trip->count()) / 1000)
                 : R"(,"ms":null})";
    write();
  }

  int end() override {
    const int error = writer_.finish(
        session_.cut_short() ? std::optional<std::chrono::milliseconds>(monitor_last_write)
                             : std::nullopt);
    losses_.end();
    return error;
  }

 private:
  LineWriter::Events events() {
    LineWriter::Events events;
    events.on_failure = [this] {
      session_.context().post([this] { session_.finish(exit_fine, monitor_drain); });
    };
    return events;
  }

  bool begin_event(const char* event, const PeerId& peer) {
    if (!as_json_) return false;
    line_ = R"({"ts":")";
    append_time(line_, std::chrono::system_clock::now());
    line_ += fmt::format(R"(","event":"{}","peer":)", event);
    append_json_string(line_, peer.str());
    return true;
  }

  // A monitor that nobody reads must not hold up the room.
  void write() {
    line_.push_back('\n');
    if (writer_.append(line_) == LineWriter::Taken::no) losses_.left_out_line();
  }

  Session& session_;
  const bool as_json_;
  const bool to_terminal_;
  std::string line_;
  LossReport losses_;
  LineWriter writer_;  // last: its thread calls us
};

/// Asks every peer for its round trip, again and again.
class Pinger {
 public:
  Pinger(Session& session, MonitorView& view) : session_(session), view_(view) {}

  void ping(const PeerId& peer) {
    // One at a time: they are answered in order.
    if (!waiting_.insert(peer).second) return view_.measured(peer, std::nullopt);
    session_.room().ping(peer, [this, peer](const Result<std::chrono::microseconds>& round_trip) {
      waiting_.erase(peer);
      if (round_trip && !session_.finishing()) view_.measured(peer, *round_trip);
    });
  }

  void go_on() {
    session_.context().post_after(ping_interval, [this] {
      if (session_.finishing()) return;
      auto peers = session_.room().peers();
      if (peers.size() > max_pings) peers.resize(max_pings);
      for (const PeerId& peer : peers)
        ping(peer);
      go_on();
    });
  }

 private:
  Session& session_;
  MonitorView& view_;
  std::set<PeerId> waiting_;  // for an answer; each is here at most as long as it is in the room
};

int run(const MonitorOptions& options) {
  auto created = Session::create(options.connection, 1);
  if (!created) return fail_with(created.error());
  Session& session = **created;
  const bool as_table = !options.as_json && can_show_live() && isatty(STDOUT_FILENO) == 1;
  std::unique_ptr<MonitorView> view;
  if (as_table) {
    view = std::make_unique<TableView>(session);
  } else {
    view = std::make_unique<LineView>(session, options.as_json);
  }
  Pinger pinger(session, *view);
  session.on_peer_change([&](const PeerId& peer, bool is_here) {
    view->peer_changed(peer, is_here);
    if (is_here) pinger.ping(peer);
  });
  session.room().on_unclaimed([&](const std::string& channel, const Message& message) {
    if (!session.finishing()) view->message(channel, message);
  });
  pinger.go_on();
  const int exit_code = session.run();
  const int error = view->end();
  if (error == 0 || error == EPIPE || error == ETIMEDOUT) return exit_code;
  complain("cannot write the output: " + std::generic_category().message(error));
  return exit_failed;
}

// ---- flags ----

constexpr CommandHelp monitor_help{
    R"(Show what passes through a room: channels, messages a second, last values, and
peers with round trip and path. On a terminal that is a table, else each message
is a line: its channel, its sender and its value.)",
    R"(Examples:
  roomwire monitor
  roomwire monitor --room my-room --json | jq -c 'select(.channel == "osc")'
--json prints messages as netrecv --json does, and {"ts","event","peer"} when a
peer joins (with "at" and "path"), leaves, or answers a ping (with "ms").
Connection flags have variables, too: --ice-port is ROOMWIRE_ICE_PORT.)"};

}  // namespace

MonitorOptions parse_monitor(const std::vector<std::string>& arguments,
                             const Environment& environment) {
  MonitorOptions options;
  CommandParser parser("monitor", monitor_help);
  parser.app().add_flag("--json", options.as_json, "Print each message and event as JSON");
  parser.add_connection(options.connection);
  parser.parse(arguments, environment);
  parser.check_connection(options.connection);
  return options;
}

Command monitor_command() {
  return {"monitor", "", "Show who is in a room, and what passes through it",
          [](const std::vector<std::string>& arguments, const Environment& environment) -> Run {
            return [options = parse_monitor(arguments, environment)] { return run(options); };
          }};
}

}  // namespace roomwire::cli
