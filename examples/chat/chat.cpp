// A chat room on a terminal: lines that are typed go to everyone, what others say is printed.
//   chat ROOM [RELAY]
#include <iostream>
#include <roomwire/roomwire.hpp>
#include <string>
#include <thread>

namespace {

std::string text_of(const roomwire::Payload& payload) {
  if (const auto* text = std::get_if<std::string>(&payload)) return *text;
  if (const auto* json = std::get_if<roomwire::Json>(&payload)) return json->text();
  return std::to_string(std::get<roomwire::Bytes>(payload).size()) + " bytes";
}

/// So that nobody waits without knowing for what.
void say_status(const roomwire::Status& status) {
  if (const auto* up = std::get_if<roomwire::RelayConnected>(&status)) {
    std::cerr << "relay " << up->url << " answers\n";
  } else if (const auto* down = std::get_if<roomwire::RelayFailed>(&status)) {
    std::cerr << "relay " << down->url << ": " << down->reason << "; trying again\n";
  }
}

int fail(const roomwire::Error& error) {
  std::cerr << "chat: ";
  if (!error.option.empty()) std::cerr << error.option << ": ";
  std::cerr << error.message << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: chat ROOM [ws://RELAY]\n";
    return 2;
  }
  roomwire::ContextOptions options;
  if (argc == 3) {
    const auto relay = roomwire::RelayUrl::parse(argv[2]);
    if (!relay) return fail(relay.error());
    options.relays = {*relay};
    options.ice_servers.emplace();  // A relay of one's own: nobody outside is asked.
  }
  auto context = roomwire::Context::create(options);
  if (!context) return fail(context.error());
  (*context)->on_status(say_status);

  roomwire::RoomOptions room_options;
  room_options.room = roomwire::RoomId(argv[1]);
  auto room = (*context)->join(room_options);
  if (!room) return fail(room.error());
  (*room)->on_peer_join(
      [](const roomwire::PeerId& peer) { std::cout << peer.str() << " joined" << std::endl; });
  (*room)->on_peer_leave([](const roomwire::PeerId& peer, const std::string& reason) {
    std::cout << peer.str() << " is gone: " << reason << std::endl;
  });

  auto chat = (*room)->action("chat");
  chat->on_message([](const roomwire::Message& message) {
    std::cout << message.from.str() << ": " << text_of(message.payload) << std::endl;
  });

  // Everything of roomwire runs on the thread that calls run(); another one hands its work over.
  std::thread keyboard([&context, &room, &chat] {
    for (std::string line; std::getline(std::cin, line);) {
      (*context)->post([&room, &chat, line] {
        if ((*room)->peers().empty()) std::cerr << "nobody is here yet; not sent: " << line << '\n';
        const auto sent = chat->send(line);
        if (!sent) std::cerr << "chat: " << sent.error().message << '\n';
      });
    }
    (*context)->post([&context, &room] { (*room)->leave([&context] { (*context)->stop(); }); });
  });
  (*context)->run();
  keyboard.join();
}
