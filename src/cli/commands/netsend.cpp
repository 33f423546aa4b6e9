#include "cli/commands/netsend.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include "cli/flags/command_parser.hpp"
#include "cli/flags/flag_values.hpp"
#include "cli/io/input_reader.hpp"
#include "cli/screen/text.hpp"
#include "cli/session/session.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

// Everything was given to the network when this begins; it is for what has not arrived so far. A
// peer that no longer answers is noticed sooner.
constexpr auto last_drain = 30s;

// Whom a sender that runs for weeks remembers; a peer that comes back is no new one.
constexpr std::size_t max_recipients = 10'000;

/// Sends batches in their order, whenever somebody is in the room.
class Sender {
 public:
  /// `release` is called with the cost of what is dealt with.
  Sender(Session& session, Action action, std::optional<Json> metadata,
         std::function<void(std::size_t)> release)
      : session_(session),
        action_(std::move(action)),
        metadata_(std::move(metadata)),
        release_(std::move(release)) {}

  void add(InputBatch batch) {
    waiting_.push_back(std::move(batch));
    pump();
  }

  void pump() {
    while (!waiting_.empty() && !session_.finishing()) {
      InputBatch& batch = waiting_.front();
      if (next_ < batch.inputs.size()) {
        if (!session_.ready() || !take_next(batch)) return;
        continue;
      }
      if (!batch.error.empty()) fail("cannot read the input: " + batch.error);
      ended_ = batch.end;
      waiting_.pop_front();
      next_ = 0;
    }
    finish_if_done();
  }

  void peer_changed(const PeerId& peer, bool is_here) {
    if (is_here) {
      newcomers_.insert(peer);
    } else {
      newcomers_.erase(peer);
    }
  }

  void ready_changed(bool ready) {
    if (ready) return pump();
    if (!ended_ || !waiting_.empty()) {
      session_.status().note(Tone::plain, "everybody has left; waiting for somebody to come");
    }
  }

 private:
  // The next run of messages, or one input that is none. False: not yet.
  bool take_next(InputBatch& batch) {
    NumberedInput& next = batch.inputs[next_];
    if (std::holds_alternative<Payload>(next.input)) {
      send_run(batch);
      return true;
    }
    // Only the messages of one channel are sure to arrive in order, so those before go first.
    if (std::holds_alternative<SetChannel>(next.input) && runs_in_flight_ > 0) return false;
    release_(cost_of(next.input));
    obey(next);
    ++next_;
    return true;
  }

  void send_run(InputBatch& batch) {
    std::size_t cost = 0;
    for (bool last = false; !last; ++next_) {
      NumberedInput& numbered = batch.inputs[next_];
      cost += cost_of(numbered.input);
      last = next_ + 1 == batch.inputs.size() ||
             !std::holds_alternative<Payload>(batch.inputs[next_ + 1].input);
      send(std::get<Payload>(std::move(numbered.input)), last ? cost : 0, numbered.line);
    }
  }

  // The last one of a run tells for all when the network has taken them; it alone has a cost.
  void send(Payload payload, std::size_t cost, std::size_t line) {
    SendOptions options;
    options.metadata = metadata_;
    if (cost > 0) {
      ++runs_in_flight_;
      options.on_sent = [this, cost] { sent(cost); };
    }
    const auto result = action_.send(std::move(payload), std::move(options));
    if (result) {
      ++messages_;
      note_recipients();
      return;
    }
    fail(at(line) + result.error().message);
    if (cost > 0) sent(cost);
  }

  // Everybody who is there gets each message, so only who came since the last one is news.
  void note_recipients() {
    for (const PeerId& peer : newcomers_) {
      if (recipients_.size() >= max_recipients || !recipients_.insert(peer).second) continue;
      std::string software = session_.room().software(peer);
      ++recipient_kinds_[software.empty() ? "other" : std::move(software)];
    }
    newcomers_.clear();
  }

  // "sent 2 messages to 3 peers: 1 browser, 2 roomwire"
  std::string summary() const {
    if (messages_ == 0 && !failed_) return "sent nothing: there was no message in the input";
    std::string line = fmt::format("sent {} message{}", messages_, messages_ == 1 ? "" : "s");
    if (recipients_.empty()) return line;
    line += fmt::format(" to {} peer{}", recipients_.size(), recipients_.size() == 1 ? "" : "s");
    for (char separator = ':'; const auto& [kind, count] : recipient_kinds_) {
      line += fmt::format("{} {} {}", separator, count, kind);
      separator = ',';
    }
    return line;
  }

  void sent(std::size_t cost) {
    --runs_in_flight_;
    release_(cost);
    if (session_.room().peers().empty() && !lost_) {
      lost_ = true;
      failed_ = true;
      if (!session_.undelivered()) {
        complain("everybody has gone; what was on its way to them may not have arrived");
      }
    }
    if (ended_ || !waiting_.empty()) session_.context().post([this] { pump(); });
  }

  void obey(const NumberedInput& numbered) {
    if (const auto* bad = std::get_if<BadInput>(&numbered.input)) {
      return fail(at(numbered.line) + bad->reason + "; not sent");
    }
    const std::string& channel = std::get<SetChannel>(numbered.input).channel;
    auto action = session_.room().action(channel);
    if (!action) return fail(at(numbered.line) + "set-channel: " + action.error().message);
    action_ = *std::move(action);
    session_.status().detail("channel is now " + printable(channel));
  }

  static std::string at(std::size_t line) { return line > 0 ? fmt::format("line {}: ", line) : ""; }

  void fail(const std::string& what) {
    failed_ = true;
    complain(what);
  }

  void finish_if_done() {
    if (!ended_ || !waiting_.empty() || runs_in_flight_ > 0 || session_.finishing()) return;
    session_.status().note(Tone::plain, summary());
    session_.finish(failed_ ? exit_failed : exit_fine, last_drain);
  }

  Session& session_;
  Action action_;
  const std::optional<Json> metadata_;
  const std::function<void(std::size_t)> release_;
  std::deque<InputBatch> waiting_;  // bounded by the reader's window
  std::size_t next_ = 0;            // in the first of them
  std::size_t runs_in_flight_ = 0;
  std::size_t messages_ = 0;
  std::set<PeerId> newcomers_;   // in the room, and nothing was sent since they came
  std::set<PeerId> recipients_;  // ever
  std::map<std::string, std::size_t> recipient_kinds_;
  bool ended_ = false;
  bool failed_ = false;
  bool lost_ = false;  ///< Said once.
};

/// The descriptor to read, and whether to close it.
class InputFile {
 public:
  /// Does not wait for a FIFO's writer: the reader's poll() does.
  static Result<InputFile> open(const std::optional<std::string>& path) {
    if (!path || *path == "-") return InputFile(STDIN_FILENO);
    const int fd = ::open(path->c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return cannot_open(*path, errno);
    InputFile file(fd);
    struct stat info {};
    if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) return cannot_open(*path, EISDIR);
    return file;
  }
  InputFile(InputFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile() {
    if (fd_ > STDERR_FILENO) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  explicit InputFile(int fd) : fd_(fd) {}
  static tl::unexpected<Error> cannot_open(const std::string& path, int error) {
    return failure(ErrorKind::invalid_input,
                   fmt::format("--file: cannot open {}: {}", printable(path),
                               std::generic_category().message(error)));
  }
  int fd_;
};

InputReader::Mode mode_of(const NetsendOptions& options) {
  if (options.file) return InputReader::Mode::whole;
  return options.as_text ? InputReader::Mode::text_lines : InputReader::Mode::lines;
}

// What a file is called goes with it, as the receiver may want to store it.
std::optional<Json> metadata_of(const NetsendOptions& options) {
  if (!options.file || *options.file == "-") return std::nullopt;
  const std::string name = std::filesystem::path(*options.file).filename().string();
  if (name.empty() || !is_utf8(name)) return std::nullopt;
  std::string text = R"({"name":)";
  append_json_string(text, name);
  auto json = Json::parse(text + "}");
  return json ? std::optional(*std::move(json)) : std::nullopt;
}

InputBatch as_batch(const std::string& message, const NetsendOptions& options) {
  InputBatch batch;
  batch.end = true;
  batch.inputs.push_back({0, to_input(without_byte_order_mark(message), options.as_text)});
  return batch;
}

int run(const NetsendOptions& options) {
  const auto file = InputFile::open(options.file);
  if (!file) return fail_with(file.error());
  auto created = Session::create(options.connection, options.peers);
  if (!created) return fail_with(created.error());
  Session& session = **created;
  auto action = session.room().action(options.channel);
  if (!action) return fail_with(action.error());

  std::unique_ptr<InputReader> reader;
  Sender sender(session, *std::move(action), metadata_of(options), [&reader](std::size_t cost) {
    if (reader) reader->release(cost);
  });
  session.on_peer_change(
      [&](const PeerId& peer, bool is_here) { sender.peer_changed(peer, is_here); });
  session.on_ready_change([&](bool ready) { sender.ready_changed(ready); });
  if (options.message) {
    session.context().post([&] { sender.add(as_batch(*options.message, options)); });
  } else {
    if (!options.file && isatty(file->fd()) == 1) {
      session.status().note(Tone::hint, "one message a line; Ctrl-D ends");
    }
    reader = std::make_unique<InputReader>(
        file->fd(), mode_of(options), options.connection.context.max_message_bytes,
        [&](InputBatch batch) {
          session.context().post(
              [&sender, batch = std::move(batch)]() mutable { sender.add(std::move(batch)); });
        });
  }
  const int exit_code = session.run();
  if (reader) reader->stop();
  created->reset();  // before the sender, whom a room that goes tells what was not sent
  return exit_code;
}

// ---- flags ----

constexpr CommandHelp netsend_help{
    R"(Send messages into a room: MESSAGE, or each line of standard input.
What is JSON is sent as that value, all else as a string.)",
    R"(Examples:
  roomwire netsend chat --room my-room 'hello'
  my-program | roomwire netsend osc --room 'https://patchies.app/?room=my-room'
  roomwire netsend picture --room my-room --file photo.jpg
The line {"type":"set-channel","channel":"other"} is not sent: what follows goes
to that channel.
It waits until somebody is there, then until everybody who is heard in the room
is met or given up and nobody new has come for 0.4 s: at most a second, and it
says without whom it goes on. --peers N sends as soon as N are there. Whoever is
in the room is a peer, another netsend too, though it reads nothing.
Connection flags have variables, too: --ice-port is ROOMWIRE_ICE_PORT.)"};

}  // namespace

NetsendOptions parse_netsend(const std::vector<std::string>& arguments,
                             const Environment& environment) {
  NetsendOptions options;
  CommandParser parser("netsend", netsend_help);
  CLI::App& app = parser.app();
  app.add_option("CHANNEL", options.channel, "Channel to send on")->type_name("")->required();
  app.add_option("MESSAGE", options.message, "The message; after -- if it begins with -")
      ->type_name("");
  app.add_flag("--text", options.as_text, "Send strings, JSON or not");
  app.add_option("--file", options.file, "Send a file as bytes; - is standard input")
      ->type_name("FILE");
  parser.add_value({"--peers", "N", "Send as soon as this many peers are there", false,
                    [&](const std::string& value) {
                      return store(parse_number(value, 1, 1'000'000), options.peers);
                    }});
  parser.add_connection(options.connection);
  parser.parse(arguments, environment);
  parser.check_connection(options.connection);
  parser.exclude("--file", "MESSAGE");
  if (options.message && !is_utf8(*options.message)) {
    reject("MESSAGE", "is not UTF-8; send bytes with --file");
  }
  parser.exclude("--file", "--text");
  if (options.file && options.file->empty()) reject("--file", "is empty; give a path, or -");
  return options;
}

Command netsend_command() {
  return {"netsend", "CHANNEL [MESSAGE]", "Send messages into a room",
          [](const std::vector<std::string>& arguments, const Environment& environment) -> Run {
            return [options = parse_netsend(arguments, environment)] { return run(options); };
          }};
}

}  // namespace roomwire::cli
