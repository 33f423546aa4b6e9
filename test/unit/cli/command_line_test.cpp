#include "cli/commands/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "cli/commands/monitor.hpp"
#include "cli/commands/netrecv.hpp"
#include "cli/commands/netsend.hpp"
#include "cli/commands/relay.hpp"
#include "cli/commands/room.hpp"

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Variables = std::map<std::string, std::string>;

Environment environment(const Variables& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

CommandLine parse(const std::vector<std::string>& arguments, const Variables& variables = {}) {
  return parse_command_line(arguments, environment(variables));
}

// How a command reads what is behind its name.
template <class Options>
Options parsed(Options (*read)(const std::vector<std::string>&, const Environment&),
               const std::vector<std::string>& arguments, const Variables& variables = {}) {
  try {
    return read(arguments, environment(variables));
  } catch (const Stop& stop) {
    const auto* wrong = std::get_if<WrongUsage>(&stop.answer);
    ADD_FAILURE() << (wrong != nullptr ? wrong->line : "help");
    return {};
  }
}

const std::string accepted = "(accepted)";

// The complaint, which must be one line.
std::string wrong(const std::vector<std::string>& arguments, const Variables& variables = {}) {
  const CommandLine result = parse(arguments, variables);
  const auto* usage = std::get_if<WrongUsage>(&result);
  if (usage == nullptr) return accepted;
  EXPECT_THAT(usage->line, Not(HasSubstr("\n")));
  return usage->line;
}

TEST(CommandLine, NetsendDefaults) {
  const auto options = parsed(parse_netsend, {"chat"});
  EXPECT_EQ(options.channel, "chat");
  EXPECT_FALSE(options.message);
  EXPECT_FALSE(options.file);
  EXPECT_FALSE(options.as_text);
  EXPECT_EQ(options.peers, std::nullopt);
  EXPECT_EQ(options.connection.room.app.str(), "patchies");
  EXPECT_TRUE(options.connection.room.room.empty());
  EXPECT_TRUE(options.connection.context.relays.empty());
  EXPECT_FALSE(options.connection.context.ice_servers);
  EXPECT_FALSE(options.connection.time_limit);
}

TEST(CommandLine, EveryFlagOfTheConnection) {
  const auto options = parsed(parse_netsend, {"chat",
                                              "hello",
                                              "--room",
                                              "https://p.app/?room=r%20s",
                                              "--app-id",
                                              "app",
                                              "--password",
                                              "pass,word",
                                              "--relay",
                                              "ws://a:1",
                                              "--ws-relay",
                                              "ws://b:2",
                                              "--relay",
                                              "wss://c",
                                              "--ice-server",
                                              "stun:s:1",
                                              "--ice-server",
                                              "stun:t",
                                              "--ice-port",
                                              "5000",
                                              "--ice-interface",
                                              "eth0",
                                              "--max-message",
                                              "1k",
                                              "-W",
                                              "1.5",
                                              "--peers",
                                              "3",
                                              "-q"});
  const ConnectionOptions& connection = options.connection;
  EXPECT_EQ(options.message, "hello");
  EXPECT_EQ(options.peers, 3U);
  EXPECT_EQ(connection.room.room.str(), "r s");
  EXPECT_EQ(connection.room.app.str(), "app");
  EXPECT_EQ(connection.room.password, "pass,word");
  ASSERT_EQ(connection.context.relays.size(), 3U);
  std::size_t of_trystero = 0;
  for (const RelayUrl& relay : connection.context.relays) {
    if (relay.kind() == RelayUrl::Kind::ws_relay) ++of_trystero;
    EXPECT_EQ(relay.kind() == RelayUrl::Kind::ws_relay, relay.url() == "ws://b:2");
  }
  EXPECT_EQ(of_trystero, 1U);
  EXPECT_THAT(connection.context.ice_servers.value(),
              ElementsAre(IceServer{"stun:s:1"}, IceServer{"stun:t"}));
  EXPECT_EQ(connection.context.ice_port, 5000);
  EXPECT_THAT(connection.context.ice_interfaces, ElementsAre("eth0"));
  EXPECT_EQ(connection.context.max_message_bytes, 1024U);
  EXPECT_EQ(connection.time_limit, 1500ms);
  EXPECT_EQ(connection.verbosity, Verbosity::quiet);
}

TEST(CommandLine, VariablesStandInForFlags) {
  const Variables variables{
      {"ROOMWIRE_ROOM", "from-env"},     {"ROOMWIRE_APP_ID", "app"},
      {"ROOMWIRE_PASSWORD", "a,b"},      {"ROOMWIRE_RELAY", "ws://a:1,ws://b:2"},
      {"ROOMWIRE_WS_RELAY", "ws://c:3"}, {"ROOMWIRE_ICE_SERVER", "none"},
      {"ROOMWIRE_ICE_PORT", "5000"},     {"ROOMWIRE_ICE_INTERFACE", "lo,eth0"},
      {"ROOMWIRE_MAX_MESSAGE", "2M"},    {"ROOMWIRE_RELAY_SET", ""}};
  const auto connection = parsed(parse_netrecv, {"x"}, variables).connection;
  EXPECT_EQ(connection.room.room.str(), "from-env");
  EXPECT_EQ(connection.room.app.str(), "app");
  EXPECT_EQ(connection.room.password, "a,b");
  EXPECT_EQ(connection.context.relays.size(), 3U);
  ASSERT_TRUE(connection.context.ice_servers);
  EXPECT_TRUE(connection.context.ice_servers->empty());
  EXPECT_EQ(connection.context.ice_port, 5000);
  EXPECT_THAT(connection.context.ice_interfaces, ElementsAre("lo", "eth0"));
  EXPECT_EQ(connection.context.max_message_bytes, 2U << 20U);

  const auto overridden = parsed(parse_netrecv, {"x", "--room", "flag", "--relay", "ws://z:9"},
                                 {{"ROOMWIRE_ROOM", "env"}, {"ROOMWIRE_RELAY", "ws://a:1"}})
                              .connection;
  EXPECT_EQ(overridden.room.room.str(), "flag");
  ASSERT_EQ(overridden.context.relays.size(), 1U);
  EXPECT_EQ(overridden.context.relays[0].url(), "ws://z:9");
}

TEST(CommandLine, AFlagThatChoosesRelaysWinsOverTheVariablesThatDo) {
  const Variables variables{{"ROOMWIRE_RELAY", "ws://a:1"}, {"ROOMWIRE_WS_RELAY", "ws://b:2"}};
  const auto set = parsed(parse_netrecv, {"x", "--relay-set", "0.23.0"}, variables).connection;
  EXPECT_EQ(set.context.relay_set, "0.23.0");
  EXPECT_TRUE(set.context.relays.empty());
  const auto relay = parsed(parse_netrecv, {"x", "--relay", "ws://z:9"},
                            {{"ROOMWIRE_RELAY_SET", "0.23.0"}, {"ROOMWIRE_WS_RELAY", "ws://b:2"}})
                         .connection;
  EXPECT_EQ(relay.context.relay_set, "");
  ASSERT_EQ(relay.context.relays.size(), 1U);
  EXPECT_EQ(relay.context.relays[0].url(), "ws://z:9");
}

TEST(CommandLine, VariablesThatContradictEachOtherAreNamed) {
  EXPECT_THAT(
      wrong({"netrecv", "x"}, {{"ROOMWIRE_RELAY", "ws://a:1"}, {"ROOMWIRE_RELAY_SET", "0.23.0"}}),
      StartsWith("ROOMWIRE_RELAY_SET: chooses among Trystero's own relays; leave out "
                 "ROOMWIRE_RELAY"));
}

TEST(CommandLine, AWrongVariableIsNamed) {
  EXPECT_EQ(wrong({"netrecv", "x"}, {{"ROOMWIRE_RELAY", ","}}), "ROOMWIRE_RELAY: it names nothing");
  EXPECT_THAT(wrong({"netrecv", "x"}, {{"ROOMWIRE_RELAY", "ws://a:1,b"}}),
              StartsWith("ROOMWIRE_RELAY: 'b'"));
}

TEST(CommandLine, MessagesKeepTheirLooks) {
  EXPECT_EQ(parsed(parse_netsend, {"x", "[1,2]"}).message, "[1,2]");
  EXPECT_EQ(parsed(parse_netsend, {"x", R"({"a":"b c"})"}).message, R"({"a":"b c"})");
  EXPECT_EQ(parsed(parse_netsend, {"x", "-5"}).message, "-5");
  EXPECT_EQ(parsed(parse_netsend, {"x", "--", "--dash"}).message, "--dash");
  EXPECT_EQ(parsed(parse_netsend, {"x", ""}).message, "");
  EXPECT_EQ(parsed(parse_netsend, {"relay", "netrecv"}).message, "netrecv");
  EXPECT_EQ(parsed(parse_netsend, {"--relay", "ws://a:1", "x", "m"}).message, "m");
}

TEST(CommandLine, Osc) {
  EXPECT_EQ(wrong({"osc",
                   "--to",
                   "127.0.0.1:57120",
                   "--to",
                   "synth=host:9",
                   "--listen",
                   "9000",
                   "--channel",
                   "osc",
                   "--channel",
                   "synth",
                   "--map",
                   "/a=/b",
                   "--type",
                   "/x=f",
                   "--numbers",
                   "float",
                   "--rate",
                   "30",
                   "--from",
                   "zAb",
                   "--reply",
                   "--ack",
                   "--typed",
                   "--bundle-timing",
                   "--monitor",
                   "--dry-run",
                   "--allow-out",
                   "/a//",
                   "--deny-in",
                   "/b",
                   "--room",
                   "r"}),
            accepted);
}

TEST(CommandLine, OscNeedsAnEnd) {
  EXPECT_THAT(wrong({"osc", "--room", "r"}), StartsWith("--to: "));
  EXPECT_THAT(wrong({"osc", "--room", "r", "--to", "1.2.3.4:5", "--reply"}),
              StartsWith("--reply: "));
  EXPECT_THAT(wrong({"osc", "--to", "h:9", "--rate", "0"}), StartsWith("--rate: "));
}

TEST(CommandLine, Dmx) {
  EXPECT_EQ(wrong({"dmx",
                   "--to",
                   "artnet://1.2.3.4/0",
                   "--to",
                   "sacn://1",
                   "--listen",
                   "sacn://5",
                   "--channel",
                   "rig",
                   "--channel-base",
                   "1",
                   "--on-leave",
                   "fade:2s",
                   "--merge",
                   "htp",
                   "--from",
                   "zAb",
                   "--allow",
                   "1-99",
                   "--max",
                   "1=128",
                   "--max",
                   "2=64",
                   "--grand-master",
                   "75%",
                   "--rate",
                   "30",
                   "--priority",
                   "0",
                   "--source-name",
                   "Stage",
                   "--monitor",
                   "--dry-run",
                   "--room",
                   "r"}),
            accepted);
}

TEST(CommandLine, DmxDiscoversWithoutARoom) {
  EXPECT_EQ(wrong({"dmx", "--discover"}), accepted);
  EXPECT_EQ(wrong({"dmx", "--discover", "-W", "3", "-v"}), accepted);
  for (const auto& [flag, value] :
       std::vector<std::pair<std::string, std::string>>{{"--to", "sacn://1"},
                                                        {"--listen", "sacn://1"},
                                                        {"--channel", "x"},
                                                        {"--room", "r"},
                                                        {"--on-leave", "hold"},
                                                        {"--ice-port", "9"}}) {
    EXPECT_THAT(wrong({"dmx", "--discover", flag, value}),
                testing::AllOf(StartsWith(flag + ": "), HasSubstr("--discover")))
        << flag;
  }
}

// Each flag is given with those that it has nothing to do with.
TEST(CommandLine, FlagsThatWouldDoNothingAreRefused) {
  using Texts = std::vector<std::string>;
  const Texts listens{"osc", "--listen", "9000"};
  const Texts sends{"osc", "--to", "host:9"};
  const Texts looks{"osc", "--monitor"};
  const Texts lights{"dmx", "--listen", "sacn://1"};
  const std::vector<std::pair<Texts, Texts>> table{
      {listens, {"--every", "9s=/x"}},
      {listens, {"--strict-source"}},
      {listens, {"--ack"}},
      {listens, {"--numbers", "int"}},
      {listens, {"--booleans", "int"}},
      {listens, {"--wide", "float"}},
      {listens, {"--arrays", "keep"}},
      {listens, {"--type", "/a=f"}},
      {listens, {"--allow-out", "/a"}},
      {listens, {"--deny-out", "/a"}},
      {listens, {"--from", "zzzz"}},
      {listens, {"--bundle-timing"}},
      {sends, {"--zeroconf"}},
      {sends, {"--reply"}},
      {sends, {"--reuse"}},
      {looks, {"--typed"}},
      {looks, {"--allow-in", "/a"}},
      {looks, {"--deny-in", "/a"}},
      {lights, {"--on-leave", "blackout"}},
      {lights, {"--merge", "htp"}},
      {lights, {"--from", "zzzz"}},
      {lights, {"--allow", "0-9"}},
      {lights, {"--max", "0-9=1"}},
      {lights, {"--grand-master", "50%"}},
      {lights, {"--rate", "30"}},
      {lights, {"--priority", "1"}},
      {lights, {"--source-name", "x"}},
      {lights, {"--artsync"}},
      {lights, {"--sync-universe", "7"}},
  };
  for (const auto& [command, flag] : table) {
    Texts all = command;
    all.insert(all.end(), flag.begin(), flag.end());
    EXPECT_THAT(wrong(all), testing::AllOf(StartsWith(flag[0] + ": needs --"), HasSubstr("; ")))
        << flag[0];
  }
  // What is said to somebody who asks for it counts as well.
  EXPECT_EQ(wrong({"osc", "--listen", "9000", "--reply", "--ack"}), accepted);
  EXPECT_EQ(wrong({"osc", "--listen", "9000", "--monitor", "--numbers", "int"}), accepted);
}

TEST(CommandLine, DmxKeepsUniversesInStep) {
  const std::vector<std::string> rest{"--artsync", "--sync-universe", "9",   "--allow",
                                      "1:0-9",     "--allow",         "0-20"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), rest.begin(), rest.end());
    return wrong(arguments);
  };
  EXPECT_EQ(with({"dmx", "--to", "artnet://1.2.3.4/1", "--to", "sacn://2"}), accepted);
  EXPECT_EQ(with({"dmx", "--to", "artnet://1.2.3.4/1"}), "--sync-universe: no --to is sacn://");
  EXPECT_EQ(with({"dmx", "--to", "artnet://1.2.3.4/2", "--to", "sacn://2"}),
            "--allow, --max: universe 1 has no --to");
}

TEST(CommandLine, DmxNeedsAnEndAndNumbersInRange) {
  EXPECT_THAT(wrong({"dmx", "--room", "r"}), StartsWith("--to: "));
  EXPECT_THAT(wrong({"dmx", "--to", "sacn://1", "--rate", "45"}), StartsWith("--rate: "));
  EXPECT_THAT(wrong({"dmx", "--to", "sacn://1", "--priority", "201"}), StartsWith("--priority: "));
  EXPECT_THAT(wrong({"dmx", "--to", "sacn://1", "--channel-base", "2"}),
              StartsWith("--channel-base: "));
}

TEST(CommandLine, Netrecv) {
  const auto options = parsed(parse_netrecv, {"a", "-C5", "b", "--json", "-v"});
  EXPECT_THAT(options.channels, ElementsAre("a", "b"));
  EXPECT_EQ(options.count, 5U);
  EXPECT_EQ(options.format, OutputFormat::envelope);
  EXPECT_EQ(options.connection.verbosity, Verbosity::verbose);
  EXPECT_EQ(parsed(parse_netrecv, {"a", "-r"}).format, OutputFormat::raw);
  EXPECT_TRUE(parsed(parse_netrecv, {"a", "--passive"}).connection.room.passive);
}

TEST(CommandLine, Relay) {
  EXPECT_THAT(parsed(parse_relay_command, {}).listen, ElementsAre(ListenAddress{}));
  const auto options = parsed(parse_relay_command,
                              {"--listen", "8080", "--listen", "[::1]:1", "--tls-cert", "c",
                               "--tls-key", "k", "--max-connections", "5", "--max-message", "1k"});
  EXPECT_THAT(options.listen,
              ElementsAre(ListenAddress{"127.0.0.1", 8080}, ListenAddress{"::1", 1}));
  EXPECT_EQ(options.tls_certificate, "c");
  EXPECT_EQ(options.tls_key, "k");
  EXPECT_EQ(options.max_connections, 5U);
  EXPECT_EQ(options.max_message_bytes, 1024U);
}

TEST(CommandLine, OriginsAreKeptAsBrowsersSayThem) {
  for (const auto& [given, kept] : std::vector<std::pair<std::string, std::string>>{
           {"https://Patchies.app/", "https://patchies.app"},
           {"https://a.org:443", "https://a.org"},
           {"http://a.org:80", "http://a.org"},
           {"http://[::1]:8080", "http://[::1]:8080"},
           {"https://a.org:80", "https://a.org:80"},
           {"null", "null"}}) {
    EXPECT_THAT(parsed(parse_relay_command, {"--allow-origin", given}).allow_origins,
                ElementsAre(kept));
    EXPECT_EQ(wrong({"web", "--allow-origin", given}), accepted);
  }
  for (const char* none : {"", "patchies.app", "https://", "https://a.org/x", "ws://a.org",
                           "https://u@a.org", "https://a b", "*"}) {
    EXPECT_THAT(wrong({"relay", "--allow-origin", none}), HasSubstr("--allow-origin: ")) << none;
  }
}

TEST(CommandLine, WrongUsageNamesTheFlag) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{}, "which command"},
      {{"netsnd"}, "'netsnd': is no command"},
      {{"netsend"}, "CHANNEL: is missing"},
      {{"netrecv"}, "CHANNEL: is missing"},
      {{"netsend", "x", "a", "b"}, "'b': is one argument too many"},
      {{"netsend", "x", "--rom", "r"}, "--rom: is no flag; did you mean --room?"},
      {{"netsend", "x", "--pass=p"}, "--pass: is no flag; did you mean --password?"},
      {{"netsend", "x", "--xyzzy"}, "--xyzzy: is no flag; see roomwire netsend --help"},
      {{"netsend", "x", "--room"}, "--room: takes one value"},
      {{"netsend", "x", "--room", "a", "--room", "b"}, "--room: takes one value"},
      {{"netsend", "x", "--room", ""}, "--room: "},
      {{"netsend", "x", "--room", "https://a.org/"}, "--room: 'https://a.org/' has no ?room="},
      {{"netsend", "x", "--relay", "localhost"}, "--relay: 'localhost'"},
      {{"netsend", "x", "--ice-port", "0"}, "--ice-port: '0'"},
      {{"netsend", "x", "--ice-server", "turn:a"}, "--ice-server: 'turn:a'"},
      {{"netsend", "x", "--ice-interface", ""}, "--ice-interface: is empty"},
      {{"netsend", "x", "--app-id", ""}, "--app-id: is empty"},
      {{"netsend", "x", "--max-message", "lots"}, "--max-message: 'lots'"},
      {{"netsend", "x", "-W", "soon"}, "--timeout: 'soon'"},
      {{"netsend", "x", "--peers", "0"}, "--peers: '0'"},
      {{"netsend", "x", "m", "--file", "f"}, "--file: contradicts MESSAGE"},
      {{"netsend", "x", "--text", "--file", "f"}, "--file: contradicts --text"},
      {{"netsend", "x", "--file", ""}, "--file: "},
      {{"netsend", "x", "caf\xe9"}, "MESSAGE: is not UTF-8"},
      {{"netsend", "x", "-q", "-v"}, "--quiet: contradicts --verbose"},
      {{"netsend", "x", "--relay-set", "0.23.0", "--relay", "ws://a"}, "--relay-set: "},
      {{"netrecv", "x", "-C", "0"}, "--count: '0'"},
      {{"netrecv", "x", "-r", "--json"}, "--raw: contradicts --json"},
      {{"relay", "--listen", "here"}, "--listen: 'here'"},
      {{"relay", "--tls-cert", "c"}, "--tls-cert: needs its other half"},
      {{"relay", "extra"}, "'extra': is one argument too many"},
      {{"relay", "0.0.0.0:7778"}, "to listen there write --listen 0.0.0.0:7778"},
      {{"--room", "x", "netsend", "chat"},
       "--room: the command comes first; write roomwire netsend --room"},
  };
  for (const auto& [arguments, complaint] : cases) {
    EXPECT_THAT(wrong(arguments), HasSubstr(complaint)) << testing::PrintToString(arguments);
  }
}

TEST(CommandLine, Web) {
  EXPECT_EQ(wrong({"web"}), accepted);
  EXPECT_EQ(wrong({"web", "--listen", "0.0.0.0:1", "--listen", "[::1]:2", "--local", "--tls-cert",
                   "c", "--tls-key", "k", "--room", "http://h/?room=r"},
                  {{"ROOMWIRE_ICE_SERVER", "stun:h:1"}}),
            accepted);
  EXPECT_THAT(wrong({"web", "--local", "--ice-server", "stun:h:1"}), StartsWith("--local: "));
  EXPECT_THAT(wrong({"web", "--tls-key", "k"}), StartsWith("--tls-key: "));
  EXPECT_THAT(wrong({"web", "--listen", "here"}), StartsWith("--listen: "));
}

// A flag, the other flags that it needs, and all with the bridge's name in front of them.
TEST(CommandLine, WebHasTheFlagsOfEachBridge) {
  EXPECT_EQ(wrong({"web",
                   "--osc-to",
                   "127.0.0.1:1",
                   "--osc-listen",
                   "2",
                   "--osc-rate",
                   "30",
                   "--osc-type",
                   "/a=f",
                   "--osc-reply",
                   "--osc-monitor",
                   "--dmx-to",
                   "artnet://h/0",
                   "--dmx-listen",
                   "sacn://1",
                   "--dmx-to",
                   "sacn://2",
                   "--dmx-on-leave",
                   "fade:2s",
                   "--dmx-merge",
                   "htp",
                   "--dmx-monitor",
                   "--dmx-channel-base",
                   "1"}),
            accepted);
  EXPECT_EQ(wrong({"web", "--osc-listen", "9000", "--osc-ack"}),
            "--osc-ack: needs --osc-to or --osc-reply; it says that OSC was sent");
  EXPECT_THAT(wrong({"web", "--osc-rate", "30"}),
              StartsWith("--osc-to: is missing, and --osc-listen is, too; "));
  EXPECT_THAT(wrong({"web", "--dmx-to", "x"}), StartsWith("--dmx-to: "));
  EXPECT_EQ(wrong({"web", "--dmx-to", "artnet://h/0", "--dmx-priority", "9"}),
            "--dmx-priority: no --dmx-to is sacn://");
  EXPECT_THAT(wrong({"web", "--osc-numbers", "x"}),
              StartsWith("--osc-numbers: 'x' is none of auto, float and int"));
  EXPECT_THAT(wrong({"web", "--dmx-discover"}), StartsWith("--dmx-discover: is no flag"));
}

TEST(CommandLine, EachFlagOfABridgeIsInTheHelpOfWeb) {
  const auto help = [](const std::string& command) {
    return std::get<Print>(parse({command, "--help"})).text;
  };
  const std::string web = help("web");
  const std::vector<std::string> not_of_the_bridge{"--discover", "--timeout",  "--quiet",
                                                   "--verbose",  "--help",     "--password",
                                                   "--relay",    "--ws-relay", "--relay-set"};
  EXPECT_THAT(web, HasSubstr("Hear UDP answers from the port of --osc-to alone"));
  for (const std::string bridge : {"osc", "dmx"}) {
    const std::string own = help(bridge);
    for (std::size_t at = own.find("\n  --"); at != std::string::npos;
         at = own.find("\n  --", at + 1)) {
      const std::string flag = own.substr(at + 3, own.find_first_of(" \n", at + 3) - at - 3);
      if (web.find("\n  " + flag + " ") != std::string::npos) continue;  // of the connection
      if (std::count(not_of_the_bridge.begin(), not_of_the_bridge.end(), flag) > 0) continue;
      EXPECT_THAT(web, HasSubstr("\n  --" + bridge + flag.substr(1)));
    }
  }
}

TEST(CommandLine, Room) {
  using Action = RoomCommandOptions::Action;
  const auto shown = parsed(parse_room_command, {});
  EXPECT_EQ(shown.action, Action::show);
  EXPECT_TRUE(shown.room.empty());
  EXPECT_FALSE(shown.is_overridden);
  EXPECT_EQ(parsed(parse_room_command, {}, {{"ROOMWIRE_ROOM", "v"}}).room.str(), "v");
  EXPECT_EQ(parsed(parse_room_command, {"--room", "f"}, {{"ROOMWIRE_ROOM", "v"}}).room.str(), "f");
  const auto made = parsed(parse_room_command, {"new"}, {{"ROOMWIRE_ROOM", "v"}});
  EXPECT_EQ(made.action, Action::make);
  EXPECT_TRUE(made.is_overridden);
  const auto set = parsed(parse_room_command, {"set", "https://patchies.app/?room=a%20b"});
  EXPECT_EQ(set.action, Action::set);
  EXPECT_EQ(set.room.str(), "a b");
  const auto shared = parsed(parse_room_command,
                             {"share", "--link", "http://h:1/", "--png", "f.png", "--room", "r"});
  EXPECT_EQ(shared.action, Action::share);
  EXPECT_EQ(shared.page, "http://h:1/");
  EXPECT_EQ(shared.png, "f.png");
  EXPECT_EQ(shared.room.str(), "r");
  EXPECT_EQ(parsed(parse_room_command, {"share"}).page, "https://patchies.app/");
  EXPECT_THAT(wrong({"room", "set", "https://patchies.app/"}), HasSubstr("?room="));
  EXPECT_THAT(wrong({"room", "set"}), StartsWith("ROOM: "));
  EXPECT_THAT(wrong({"room", "old"}), HasSubstr("none of new, set and share"));
  EXPECT_THAT(wrong({"room", "new", "x"}), HasSubstr("one argument too many"));
  EXPECT_THAT(wrong({"room", "share", "--link", "x"}), StartsWith("--link: "));
}

TEST(CommandLine, HelpHasExamples) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"netsend", "--help"}, {"netrecv", "-h"}, {"relay", "--help"}}) {
    const CommandLine result = parse(arguments);
    ASSERT_TRUE(std::holds_alternative<Print>(result));
    const std::string& text = std::get<Print>(result).text;
    EXPECT_THAT(text, HasSubstr("Examples:\n  roomwire "));
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      EXPECT_LE(end - begin, 80U) << text.substr(begin, end - begin);
      begin = end + 1;
    }
  }
}

TEST(CommandLine, HelpSaysWhoCountsAsAPeer) {
  const CommandLine result = parse({"netsend", "--help"});
  EXPECT_THAT(std::get<Print>(result).text, HasSubstr("another netsend too"));
}

TEST(CommandLine, Version) {
  const CommandLine result = parse({"--version"});
  EXPECT_THAT(std::get<Print>(result).text, testing::MatchesRegex("roomwire [0-9.]+\n"));
}

}  // namespace
}  // namespace roomwire::cli
