// Joins a room and sends back, to its sender, whatever comes on channel `echo`.
//   echo ROOM [RELAY]
#include <iostream>
#include <roomwire/roomwire.hpp>

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: echo ROOM [ws://RELAY]\n";
    return 2;
  }
  roomwire::ContextOptions options;
  if (argc == 3) options.relays = {{roomwire::RelayUrl::Kind::nostr, argv[2]}};
  auto context = roomwire::Context::create(options);
  if (!context) {
    std::cerr << context.error().message << '\n';
    return 1;
  }

  roomwire::RoomOptions room_options;
  room_options.room = roomwire::RoomId(argv[1]);
  auto room = (*context)->join(room_options);
  if (!room) {
    std::cerr << room.error().message << '\n';
    return 1;
  }
  (*room)->on_peer_join([](const roomwire::PeerId& peer) {
    std::cout << peer.str() << " joined" << std::endl;
  });

  roomwire::Action echo = *(*room)->action("echo");
  echo.on_message([&](roomwire::Message message) {
    roomwire::SendOptions to_sender;
    to_sender.to = {message.from};
    const auto sent = echo.send(std::move(message.payload), to_sender);
    if (!sent) std::cerr << sent.error().message << '\n';
  });
  (*context)->run();
}
