#include "room/handshake.hpp"

#include <gtest/gtest.h>

#include "room/hub_world.hpp"

namespace roomwire::room {
namespace {

Handshake::Options options(const std::string& password, bool challenger) {
  return {test_app, stage, password, challenger, std::string(36, 'c')};
}

TEST(Handshake, WithoutPasswordIsReadyAtOnce) {
  Handshake handshake(options("", true));
  const auto step = handshake.start();
  EXPECT_FALSE(step.data);
  EXPECT_TRUE(step.ready);
  EXPECT_FALSE(step.activate);
  EXPECT_TRUE(handshake.receive_ready().activate);
  EXPECT_FALSE(handshake.receive_ready().activate);
}

TEST(Handshake, SamePasswordLetsBothIn) {
  Handshake challenger(options("pass ü", true));
  Handshake answerer(options("pass ü", false));
  const auto challenge = challenger.start();
  ASSERT_TRUE(challenge.data);
  EXPECT_FALSE(challenge.ready);
  const auto first = answerer.start();
  EXPECT_FALSE(first.data);
  EXPECT_FALSE(first.ready);

  const auto response = answerer.receive_data(*challenge.data);
  ASSERT_TRUE(response.data);
  EXPECT_TRUE(response.ready);
  EXPECT_FALSE(challenger.receive_ready().activate);
  const auto passed = challenger.receive_data(*response.data);
  EXPECT_TRUE(passed.ready);
  EXPECT_TRUE(passed.activate);
  EXPECT_TRUE(answerer.receive_ready().activate);
}

TEST(Handshake, AnotherPasswordIsFoundByTheChallenger) {
  Handshake challenger(options("right", true));
  Handshake answerer(options("wrong", false));
  const auto response = answerer.receive_data(*challenger.start().data);
  EXPECT_TRUE(challenger.receive_data(*response.data).wrong_password);
  EXPECT_TRUE(answerer.smells_of_password());
}

TEST(Handshake, MalformedDataEndsIt) {
  const Payload bad[] = {std::string("x"),
                         Bytes{1},
                         Json(),
                         json("[]"),
                         json("{}"),
                         json(R"({"__trystero_pw":"response"})"),
                         json(R"({"__trystero_pw":"response","h":1})"),
                         json(R"({"__trystero_pw":"challenge","c":[]})")};
  for (const Payload& data : bad) {
    Handshake challenger(options("p", true));
    challenger.start();
    EXPECT_TRUE(challenger.receive_data(data).wrong_password) << to_text(data);
    Handshake answerer(options("p", false));
    answerer.start();
    EXPECT_TRUE(answerer.receive_data(data).wrong_password) << to_text(data);
  }
}

TEST(Handshake, APeerThatBeginsAnewIsAnsweredButNotForEver) {
  Handshake answerer(options("p", false));
  const Payload challenge = json(R"({"__trystero_pw":"challenge","c":"abc"})");
  int answers = 0;
  for (int i = 0; i < 100; ++i) {
    const auto step = answerer.receive_data(challenge);
    EXPECT_FALSE(step.wrong_password);
    if (step.data) ++answers;
  }
  EXPECT_GT(answers, 1);
  EXPECT_LT(answers, 20);
}

TEST(Handshake, SilenceWithoutAnySignOfAPasswordIsJustSilence) {
  Handshake alone(options("p", true));
  alone.start();
  EXPECT_FALSE(alone.smells_of_password());
  Handshake open_room(options("", false));
  open_room.start();
  EXPECT_FALSE(open_room.smells_of_password());
  open_room.receive_data(json(R"({"__trystero_pw":"challenge","c":"abc"})"));
  EXPECT_TRUE(open_room.smells_of_password());
}

}  // namespace
}  // namespace roomwire::room
