// What is lost because nobody reads standard output: counted, and said while it goes on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace roomwire::cli {

class Session;

class LossReport {
 public:
  /// `say` gets a line now and then, at most one a peer. The session outlives it.
  using Say = std::function<void(const std::string& line)>;
  LossReport(Session& session, Say say) : session_(session), say_(std::move(say)) {}

  /// A message of `peer` is lost.
  void lost_message(const std::string& peer) { lost(peer); }
  /// A line is left out, whoever it is about.
  void left_out_line() { lost(""); }
  bool any() const { return any_; }
  /// Says what was not said so far.
  void end();

 private:
  void lost(const std::string& peer);
  void say_later();

  Session& session_;
  const Say say_;
  bool any_ = false;
  bool waits_ = false;
  std::chrono::milliseconds pause_{500};
  std::map<std::string, std::uint64_t> counts_;  // since they were said; by peer
};

}  // namespace roomwire::cli
