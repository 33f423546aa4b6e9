#include "cli/io/output_format.hpp"

#include <gtest/gtest.h>

namespace roomwire::cli {
namespace {

using namespace std::chrono_literals;

std::string line(OutputFormat format, Payload payload, std::optional<Json> metadata = {}) {
  const Message message{PeerId("zPeer"), std::move(payload), std::move(metadata)};
  std::string out;
  append_message(out, format, std::chrono::system_clock::time_point(1'700'000'000'007ms), "ch\"an",
                 message);
  return out;
}

TEST(Output, AValueIsCompactJson) {
  EXPECT_EQ(line(OutputFormat::value, std::string("a\n\"b\"")), "\"a\\n\\\"b\\\"\"\n");
  EXPECT_EQ(line(OutputFormat::value, *Json::parse("{ \"b\": 1.0, \"a\": [] }")),
            "{\"b\":1.0,\"a\":[]}\n");
  EXPECT_EQ(line(OutputFormat::value, Bytes{0, 10, 255}),
            "{\"type\":\"Buffer\",\"data\":[0,10,255]}\n");
  EXPECT_EQ(line(OutputFormat::value, Bytes{}), "{\"type\":\"Buffer\",\"data\":[]}\n");
}

TEST(Output, RawIsTheStringItself) {
  EXPECT_EQ(line(OutputFormat::raw, std::string("a \"b\"")), "a \"b\"\n");
  EXPECT_EQ(line(OutputFormat::raw, *Json::parse("[1, 2]")), "[1,2]\n");
}

TEST(Output, TheEnvelopeTellsTheRest) {
  EXPECT_EQ(line(OutputFormat::envelope, *Json::parse("5")),
            R"({"ts":"2023-11-14T22:13:20.007Z","channel":"ch\"an","peer":"zPeer","data":5})"
            "\n");
  EXPECT_EQ(line(OutputFormat::envelope, Bytes{1, 2, 3}, *Json::parse("{\"name\": \"x\"}")),
            R"({"ts":"2023-11-14T22:13:20.007Z","channel":"ch\"an","peer":"zPeer","data":"AQID",)"
            R"("encoding":"base64","metadata":{"name":"x"}})"
            "\n");
}

}  // namespace
}  // namespace roomwire::cli
