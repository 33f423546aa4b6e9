// The captured traffic of real Trystero peers: test/vectors/README.md.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/json_value.hpp"
#include "signal/names.hpp"

namespace roomwire::signal {

struct RelayText {
  bool out = false;  ///< The captured peer sent it.
  std::string text;
  boost::json::array json;

  bool is_event() const { return json.at(0) == "EVENT"; }
  std::string content() const { return std::string(json.back().at("content").as_string()); }
  Topic topic() const { return Topic(std::string(json.back().at("tags").at(0).at(1).as_string())); }
};

struct Capture {
  std::string name;
  AppId app;
  RoomId room;
  std::string password;
  PeerId self;
  PeerId peer;
  std::vector<RelayText> relay;
};

inline std::vector<Capture> captures() {
  std::vector<Capture> all;
  for (const auto& file : std::filesystem::directory_iterator(VECTOR_DIR)) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path());
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const auto json = parse_json(text).value();
    const auto member = [&](const char* key) { return std::string(json.at(key).as_string()); };
    Capture capture{file.path().stem().string(),
                    AppId(member("appId")),
                    RoomId(member("room")),
                    member("password"),
                    PeerId(member("selfId")),
                    PeerId(member("peer")),
                    {}};
    for (const auto& entry : json.at("traffic").as_array()) {
      if (entry.at("kind").as_string() != "relay") continue;
      const std::string data(entry.at("data").as_string());
      capture.relay.push_back(
          {entry.at("dir").as_string() == "out", data, parse_json(data).value().as_array()});
    }
    all.push_back(std::move(capture));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

inline Capture capture(std::string_view name) {
  for (Capture& each : captures()) {
    if (each.name == name) return each;
  }
  throw std::runtime_error("no such capture");
}

}  // namespace roomwire::signal
