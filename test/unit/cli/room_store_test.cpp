#include "cli/session/room_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>
#include <vector>

namespace roomwire::cli {
namespace {

using testing::HasSubstr;

class RoomStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "roomwire-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    top = name;
    folder = top / "config" / "roomwire";
  }
  void TearDown() override { std::filesystem::remove_all(top); }

  void write(const std::string& text) const {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "room", std::ios::binary) << text;
  }
  std::string file() const {
    std::ifstream in(folder / "room", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }

  std::filesystem::path top;
  std::filesystem::path folder;
};

TEST_F(RoomStoreTest, MakesARoomOnFirstUseAndRemembersIt) {
  const RecalledRoom first = RoomStore(folder).recall();
  EXPECT_TRUE(first.is_new);
  EXPECT_EQ(first.room.str().size(), 36U);
  EXPECT_FALSE(first.problem);
  const RecalledRoom second = RoomStore(folder).recall();
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(second.room, first.room);
  EXPECT_EQ(files(), 1U);
}

TEST_F(RoomStoreTest, OnlyTheUserCanReadIt) {
  RoomStore(folder).recall();
  struct stat status {};
  ASSERT_EQ(stat((folder / "room").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(stat(folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(RoomStoreTest, RemembersAnyRoom) {
  for (const std::string& room : {std::string("my-room"), std::string("a b\n\"%\x01 caf\xc3\xa9"),
                                  std::string("\0", 1), std::string(RoomStore::max_room, ' ')}) {
    ASSERT_TRUE(RoomStore(folder).remember(RoomId(room)));
    EXPECT_EQ(RoomStore(folder).recall().room.str(), room);
    EXPECT_EQ(files(), 1U);
  }
  const auto too_long =
      RoomStore(folder).remember(RoomId(std::string(RoomStore::max_room + 1, 'x')));
  ASSERT_FALSE(too_long);
  EXPECT_THAT(too_long.error().message, HasSubstr("1001 bytes"));
}

TEST_F(RoomStoreTest, AByteOrderMarkOfAnEditorIsNoPartOfTheRoom) {
  write("\xef\xbb\xbfmy-room\n");
  EXPECT_EQ(RoomStore(folder).recall().room, RoomId("my-room"));
}

TEST_F(RoomStoreTest, ADamagedFileIsSaidAndStaysAsItIs) {
  for (const std::string& text : {std::string(), std::string("\n"), std::string("a b\n"),
                                  std::string("a\nb\n"), std::string("%ff\n"), std::string("%4"),
                                  std::string("a\0b", 3), std::string(100'000, 'x')}) {
    write(text);
    const RecalledRoom recalled = RoomStore(folder).recall();
    EXPECT_TRUE(recalled.is_new);
    EXPECT_EQ(recalled.room.str().size(), 36U);
    EXPECT_THAT(recalled.problem.value_or(""), HasSubstr((folder / "room").string()));
    EXPECT_THAT(recalled.problem.value_or(""), HasSubstr("roomwire room new"));
    EXPECT_EQ(file(), text);
  }
  ASSERT_TRUE(RoomStore(folder).remember(RoomId("mended")));
  EXPECT_EQ(RoomStore(folder).recall().room.str(), "mended");
}

TEST_F(RoomStoreTest, WithoutAPlaceTheRoomIsForThisRun) {
  const RecalledRoom nowhere = RoomStore({}).recall();
  EXPECT_FALSE(nowhere.room.empty());
  EXPECT_THAT(nowhere.problem.value_or(""), HasSubstr("HOME"));
  EXPECT_FALSE(RoomStore({}).remember(RoomId("x")));

  std::ofstream(top / "file") << "in the way";
  const RoomStore blocked(top / "file" / "roomwire");
  EXPECT_THAT(blocked.recall().problem.value_or(""), HasSubstr("file"));
  EXPECT_FALSE(blocked.remember(RoomId("x")));
  std::filesystem::create_directories(folder / "room");
  EXPECT_THAT(RoomStore(folder).recall().problem.value_or(""), HasSubstr("Is a directory"));
  EXPECT_FALSE(RoomStore(folder).remember(RoomId("x")));
}

TEST_F(RoomStoreTest, ThoseWhoAskAtTheSameTimeGetTheSameRoom) {
  std::vector<RecalledRoom> recalled(16);
  std::vector<std::thread> threads;
  threads.reserve(recalled.size());
  for (RecalledRoom& each : recalled)
    threads.emplace_back([this, &each] { each = RoomStore(folder).recall(); });
  for (std::thread& thread : threads)
    thread.join();
  std::set<RoomId> rooms;
  int new_ones = 0;
  for (const RecalledRoom& each : recalled) {
    rooms.insert(each.room);
    new_ones += each.is_new ? 1 : 0;
    EXPECT_FALSE(each.problem);
  }
  EXPECT_EQ(rooms.size(), 1U);
  EXPECT_EQ(new_ones, 1);
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace roomwire::cli
