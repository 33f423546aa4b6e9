#include "dmx/node.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::dmx {
namespace {

// Of ArtPollReply.
constexpr std::uint16_t oem_unknown = 0x00ff;
constexpr std::uint16_t esta_prototype = 0x7ff0;   // The first of ESTA's codes for prototypes.
constexpr std::uint8_t status1_programmed = 0xe0;  // Indicators normal, addresses by network.
constexpr std::uint8_t status2_15_bit_addresses = 0x08;
constexpr std::uint8_t data_flows = 0x80;  // GoodInput, GoodOutputA
constexpr std::uint8_t style_node = 0x00;

/// Up to four universes that fit into one packet, taken off the front of a sorted list.
std::vector<PortAddress> take_page(std::vector<PortAddress>& rest, std::uint16_t group) {
  std::size_t count = 0;
  while (count < rest.size() && count < ArtPollReply::max_ports &&
         rest[count].number() >> 4 == group) {
    ++count;
  }
  const auto end = rest.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<PortAddress> page(rest.begin(), end);
  rest.erase(rest.begin(), end);
  return page;
}

std::vector<PortAddress> sorted_unique(std::vector<PortAddress> addresses) {
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

bool is_asked(const NodeInfo& node, const ArtPoll& poll) {
  if ((poll.flags & ArtPoll::targeted) == 0) return true;
  const auto within = [&](PortAddress address) {
    return address.number() >= poll.target_bottom && address.number() <= poll.target_top;
  };
  return std::any_of(node.listens.begin(), node.listens.end(), within) ||
         std::any_of(node.sends.begin(), node.sends.end(), within);
}

/// "#0001 [0003] roomwire": a status (1 is RcPowerOk), a counter and a text.
std::string node_report(std::uint32_t counter) {
  std::string digits = std::to_string(counter % 10'000);
  return "#0001 [" + std::string(4 - digits.size(), '0') + digits + "] roomwire";
}

void add_ports(ArtPollReply& reply, const std::vector<PortAddress>& outputs,
               const std::vector<PortAddress>& inputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    reply.port_types[i] |= ArtPollReply::port_outputs;
    reply.good_output[i] = data_flows;
    reply.output_universes[i] = outputs[i].universe();
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    reply.port_types[i] |= ArtPollReply::port_inputs;
    reply.good_input[i] = data_flows;
    reply.input_universes[i] = inputs[i].universe();
  }
  reply.port_count = static_cast<std::uint16_t>(std::max(outputs.size(), inputs.size()));
}

}  // namespace

std::vector<ArtPollReply> poll_replies(const NodeInfo& node, const ArtPoll& poll,
                                       std::uint32_t counter) {
  std::vector<ArtPollReply> replies;
  if (!is_asked(node, poll)) return replies;
  ArtPollReply reply;
  reply.ip = node.ip;
  reply.bind_ip = node.ip;
  reply.mac = node.mac;
  reply.oem = oem_unknown;
  reply.esta_manufacturer = esta_prototype;
  reply.status1 = status1_programmed;
  reply.status2 = status2_15_bit_addresses;
  reply.style = style_node;
  reply.short_name = node.short_name;
  reply.long_name = node.long_name;
  reply.report = node_report(counter);
  std::vector<PortAddress> outputs = sorted_unique(node.listens);
  std::vector<PortAddress> inputs = sorted_unique(node.sends);
  // bind_index has eight bits.
  while (replies.size() < 255 && (replies.empty() || !outputs.empty() || !inputs.empty())) {
    ArtPollReply page = reply;
    if (!outputs.empty() || !inputs.empty()) {
      const PortAddress first = outputs.empty()  ? inputs[0]
                                : inputs.empty() ? outputs[0]
                                                 : std::min(outputs[0], inputs[0]);
      page.net = first.net();
      page.sub_net = first.sub_net();
      const auto group = static_cast<std::uint16_t>(first.number() >> 4);
      add_ports(page, take_page(outputs, group), take_page(inputs, group));
    }
    page.bind_index = static_cast<std::uint8_t>(replies.size() + 1);
    replies.push_back(std::move(page));
  }
  return replies;
}

NodeTable::Key NodeTable::key_of(const ArtPollReply& reply) {
  Key key;
  key.bind_index = std::max<std::uint8_t>(reply.bind_index, 1);
  std::copy(reply.ip.begin(), reply.ip.end(), key.place.begin());
  std::copy(reply.bind_ip.begin(), reply.bind_ip.end(), key.place.begin() + 4);
  auto* out = key.ports.data();
  *out++ = reply.net;
  *out++ = reply.sub_net;
  for (const auto* field : {&reply.port_types, &reply.input_universes, &reply.output_universes})
    out = std::copy(field->begin(), field->end(), out);
  return key;
}

NodeTable::Noted NodeTable::note(const ArtPollReply& reply, Time now) {
  const Key key = key_of(reply);
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    // An older answer of that index had the ports that the node had then.
    const auto replaced = std::erase_if(entries_, [&](const auto& item) {
      return item.first.place == key.place && item.first.bind_index == key.bind_index &&
             now - item.second.heard > one_answer;
    });
    if (entries_.size() == max_entries) return Noted::full;
    entries_.emplace(key, Entry{reply, now});
    return replaced > 0 ? Noted::changed : Noted::added;
  }
  // The report counts on with every poll.
  ArtPollReply before = std::exchange(found->second, Entry{reply, now}).reply;
  before.report = reply.report;
  return before == reply ? Noted::same : Noted::changed;
}

Deadline NodeTable::next_timeout() const {
  Deadline next;
  for (const auto& [key, entry] : entries_)
    next = earlier(next, entry.heard + max_age);
  return next;
}

std::vector<NodeTable::Entry> NodeTable::handle_timeout(Time now) {
  std::vector<Entry> gone;
  std::erase_if(entries_, [&](auto& item) {
    if (now - item.second.heard < max_age) return false;
    gone.push_back(std::move(item.second));
    return true;
  });
  return gone;
}

Node NodeTable::node_of(const ArtPollReply& reply) const {
  Node node{reply, {}, {}};
  const Key key = key_of(reply);
  for (const auto& [each, entry] : entries_) {
    if (each.place != key.place) continue;
    const auto add = [](std::vector<PortAddress>& to, const std::vector<PortAddress>& ports) {
      to.insert(to.end(), ports.begin(), ports.end());
    };
    add(node.outputs, entry.reply.outputs());
    add(node.inputs, entry.reply.inputs());
  }
  node.outputs = sorted_unique(std::move(node.outputs));
  node.inputs = sorted_unique(std::move(node.inputs));
  return node;
}

std::vector<NodeTable::Entry> NodeTable::entries() const {
  std::vector<Entry> entries;
  entries.reserve(entries_.size());
  for (const auto& [key, entry] : entries_)
    entries.push_back(entry);
  return entries;
}

}  // namespace roomwire::dmx
