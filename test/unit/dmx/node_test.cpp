#include "dmx/node.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace roomwire::dmx {
namespace {

NodeInfo node(std::initializer_list<const char*> listens,
              std::initializer_list<const char*> sends) {
  NodeInfo node;
  node.ip = {10, 0, 0, 1};
  for (const char* text : listens)
    node.listens.push_back(port_address(text));
  for (const char* text : sends)
    node.sends.push_back(port_address(text));
  return node;
}

TEST(PollReplies, SayWhatWeTakeAndSend) {
  const auto replies = poll_replies(node({"0.0.1", "0.0.2"}, {"0.0.5"}), {}, 7);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].outputs(), (std::vector{port_address("0.0.1"), port_address("0.0.2")}));
  EXPECT_EQ(replies[0].inputs(), std::vector{port_address("0.0.5")});
  EXPECT_EQ(replies[0].ip, (std::array<std::uint8_t, 4>{10, 0, 0, 1}));
  EXPECT_EQ(replies[0].short_name, "roomwire");
  EXPECT_EQ(replies[0].report, "#0001 [0007] roomwire");
  EXPECT_EQ(replies[0].bind_index, 1);
}

TEST(PollReplies, HaveFourUniversesOfOneSubNetEach) {
  const auto replies = poll_replies(
      node({"1.2.3", "0.0.1", "0.0.2", "0.0.3", "0.0.4", "0.0.5", "0.0.5"}, {"0.1.0", "0.0.9"}), {},
      10'001);
  std::vector<PortAddress> outputs;
  std::vector<PortAddress> inputs;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].bind_index, i + 1);
    EXPECT_EQ(replies[i].report, "#0001 [0001] roomwire");
    for (const PortAddress address : replies[i].outputs())
      outputs.push_back(address);
    for (const PortAddress address : replies[i].inputs())
      inputs.push_back(address);
  }
  EXPECT_EQ(replies.size(), 4U);
  EXPECT_EQ(outputs,
            (std::vector{port_address("0.0.1"), port_address("0.0.2"), port_address("0.0.3"),
                         port_address("0.0.4"), port_address("0.0.5"), port_address("1.2.3")}));
  EXPECT_EQ(inputs, (std::vector{port_address("0.0.9"), port_address("0.1.0")}));
}

TEST(PollReplies, AreOneWithoutPorts) {
  const auto replies = poll_replies(node({}, {}), {}, 0);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].port_count, 0);
}

TEST(PollReplies, EndAt255) {
  NodeInfo many;
  for (std::uint32_t number = 0; number < 32'768; number += 16)
    many.listens.push_back(*PortAddress::from_number(number));
  EXPECT_EQ(poll_replies(many, {}, 0).size(), 255U);
}

TEST(PollReplies, KeepQuietWhenOthersAreMeant) {
  ArtPoll poll;
  poll.flags = ArtPoll::targeted;
  poll.target_bottom = port_address("0.0.2").number();
  poll.target_top = port_address("0.0.4").number();
  EXPECT_TRUE(poll_replies(node({"0.0.1"}, {"0.0.5"}), poll, 0).empty());
  EXPECT_EQ(poll_replies(node({"0.0.4"}, {}), poll, 0).size(), 1U);
  EXPECT_EQ(poll_replies(node({}, {"0.0.2"}), poll, 0).size(), 1U);
}

ArtPollReply reply(std::uint8_t last_byte, std::uint8_t bind_index) {
  ArtPollReply reply;
  reply.ip = {10, 0, 0, last_byte};
  reply.bind_index = bind_index;
  return reply;
}

TEST(NodeTable, NotesNodesAndWhatChanged) {
  NodeTable table;
  EXPECT_EQ(table.note(reply(2, 1), at(0s)), NodeTable::Noted::added);
  EXPECT_EQ(table.note(reply(2, 2), at(0s)), NodeTable::Noted::added);
  EXPECT_EQ(table.note(reply(1, 0), at(0s)), NodeTable::Noted::added);
  ArtPollReply again = reply(2, 1);
  again.report = "#0001 [0002]";
  EXPECT_EQ(table.note(again, at(1s)), NodeTable::Noted::same);
  again.short_name = "renamed";
  EXPECT_EQ(table.note(again, at(2s)), NodeTable::Noted::changed);
  // 0 is what an old node says for 1.
  EXPECT_EQ(table.note(reply(1, 1), at(2s)), NodeTable::Noted::changed);
  const auto entries = table.entries();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].reply.ip[3], 1);
  EXPECT_EQ(entries[1].reply.short_name, "renamed");
  EXPECT_EQ(entries[2].reply.bind_index, 2);
}

// dmxnet 0.9.0 answers with one index for all that it receives.
TEST(NodeTable, TellsAnswersWithOneIndexApartByTheirPorts) {
  NodeTable table;
  const auto answer = [](std::uint8_t universe) {
    ArtPollReply with = reply(1, 1);
    with.port_count = 1;
    with.port_types = {ArtPollReply::port_outputs, 0, 0, 0};
    with.output_universes = {universe, 0, 0, 0};
    return with;
  };
  EXPECT_EQ(table.note(answer(1), at(0s)), NodeTable::Noted::added);
  EXPECT_EQ(table.note(answer(2), at(10ms)), NodeTable::Noted::added);
  EXPECT_EQ(table.note(answer(1), at(3s)), NodeTable::Noted::same);
  EXPECT_EQ(table.note(answer(2), at(3s)), NodeTable::Noted::same);
  EXPECT_EQ(table.node_of(answer(1)).outputs,
            (std::vector{port_address("0.0.1"), port_address("0.0.2")}));
  // One whose ports are others now has those alone.
  EXPECT_EQ(table.note(answer(3), at(6s)), NodeTable::Noted::changed);
  EXPECT_EQ(table.node_of(answer(3)).outputs, std::vector{port_address("0.0.3")});
}

TEST(NodeTable, ForgetsWhoIsSilent) {
  NodeTable table;
  EXPECT_FALSE(table.next_timeout());
  table.note(reply(1, 1), at(0s));
  table.note(reply(2, 1), at(4s));
  EXPECT_EQ(table.next_timeout(), at(10s));
  EXPECT_TRUE(table.handle_timeout(at(9s)).empty());
  const auto gone = table.handle_timeout(at(10s));
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].reply.ip[3], 1);
  EXPECT_EQ(table.entries().size(), 1U);
}

TEST(NodeTable, IsBounded) {
  NodeTable table;
  for (std::size_t i = 0; i < NodeTable::max_entries; ++i) {
    ArtPollReply many = reply(static_cast<std::uint8_t>(i), 1);
    many.ip[2] = static_cast<std::uint8_t>(i >> 8);
    ASSERT_EQ(table.note(many, at(0s)), NodeTable::Noted::added);
  }
  EXPECT_EQ(table.note(reply(1, 200), at(1s)), NodeTable::Noted::full);
  EXPECT_EQ(table.note(reply(1, 1), at(1s)), NodeTable::Noted::same);
  table.handle_timeout(at(10s));
  EXPECT_EQ(table.note(reply(1, 200), at(11s)), NodeTable::Noted::added);
}

}  // namespace
}  // namespace roomwire::dmx
