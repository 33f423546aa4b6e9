#include "cli/io/input_reader.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "cli/screen/text.hpp"

namespace roomwire::cli {
namespace {

constexpr std::size_t window = std::size_t{1} << 20U;
constexpr std::size_t read_size = std::size_t{32} << 10U;

}  // namespace

InputReader::InputReader(int fd, Mode mode, std::size_t max_message, Deliver deliver)
    : fd_(fd),
      mode_(mode),
      max_message_(max_message),
      deliver_(std::move(deliver)),
      splitter_(max_message),
      thread_([this] { run(); }) {}

void InputReader::release(std::size_t cost) {
  const std::lock_guard lock(mutex_);
  in_flight_ -= cost;
  if (in_flight_ < window) changed_.notify_one();
}

void InputReader::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  wake_.notify();
  if (thread_.joinable()) thread_.join();
}

void InputReader::run() {
  buffer_.resize(read_size);
  while (wait_for_room() && wait_for_input()) {
    InputBatch batch = next_batch();
    const bool end = batch.end;
    if (end || !batch.inputs.empty()) {
      std::size_t cost = 0;
      for (const NumberedInput& numbered : batch.inputs)
        cost += cost_of(numbered.input);
      {
        const std::lock_guard lock(mutex_);
        in_flight_ += cost;
      }
      deliver_(std::move(batch));
    }
    if (end) return;
  }
}

bool InputReader::wait_for_room() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || in_flight_ < window; });
  return !stopping_;
}

bool InputReader::wait_for_input() const {
  std::array<pollfd, 2> fds{pollfd{fd_, POLLIN, 0}, pollfd{wake_.fd(), POLLIN, 0}};
  while (poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
  }
  return fds[1].revents == 0;
}

InputBatch InputReader::next_batch() {
  const auto got = read(fd_, buffer_.data(), buffer_.size());
  if (got > 0) return batch_of(std::string_view(buffer_).substr(0, static_cast<std::size_t>(got)));
  if (got == 0) return last_batch();
  if (errno == EAGAIN || errno == EINTR) return {};
  return {{}, true, std::generic_category().message(errno)};
}

InputBatch InputReader::batch_of(std::string_view text) {
  InputBatch batch;
  if (mode_ == Mode::whole) {
    if (text.size() > max_message_ - whole_.size()) {
      return {{}, true, fmt::format("more than {} bytes (--max-message)", max_message_)};
    }
    whole_.insert(whole_.end(), text.begin(), text.end());
    return batch;
  }
  splitter_.feed(text,
                 [&](std::string_view line, bool too_long) { take_line(batch, line, too_long); });
  return batch;
}

void InputReader::take_line(InputBatch& batch, std::string_view line, bool too_long) {
  if (++line_ == 1) line = without_byte_order_mark(line);
  Input input = too_long
                    ? BadInput{fmt::format("is longer than {} bytes (--max-message)", max_message_)}
                    : to_input(line, mode_ == Mode::text_lines);
  batch.inputs.push_back({line_, std::move(input)});
}

InputBatch InputReader::last_batch() {
  InputBatch batch;
  batch.end = true;
  if (mode_ == Mode::whole) {
    batch.inputs.push_back({0, Payload(std::exchange(whole_, {}))});
    return batch;
  }
  splitter_.finish([&](std::string_view line, bool too_long) {
    const bool nothing_but_a_mark =
        line_ == 0 && !too_long && without_byte_order_mark(line).empty();
    if (!nothing_but_a_mark) take_line(batch, line, too_long);
  });
  return batch;
}

}  // namespace roomwire::cli
