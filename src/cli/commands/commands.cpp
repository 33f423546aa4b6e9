#include "cli/commands/commands.hpp"

#include "cli/bridges/bridge_kinds.hpp"
#include "cli/commands/bridge.hpp"
#include "cli/commands/monitor.hpp"
#include "cli/commands/netrecv.hpp"
#include "cli/commands/netsend.hpp"
#include "cli/commands/relay.hpp"
#include "cli/commands/room.hpp"
#include "cli/commands/web.hpp"

namespace roomwire::cli {

std::vector<Command> commands() {
  std::vector<Command> all{netsend_command(), netrecv_command()};
  for (const BridgeKind& kind : bridge_kinds())
    all.push_back(bridge_command(kind));
  for (Command& each :
       std::vector<Command>{web_command(), monitor_command(), room_command(), relay_command()}) {
    all.push_back(std::move(each));
  }
  return all;
}

}  // namespace roomwire::cli
