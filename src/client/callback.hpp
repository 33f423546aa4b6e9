// A user's function, which may replace or drop itself while it runs.
#pragma once

#include <functional>
#include <memory>
#include <utility>

namespace roomwire::client {

template <class Signature>
class Callback {
 public:
  void set(std::function<Signature> function) {
    function_ =
        function ? std::make_shared<std::function<Signature>>(std::move(function)) : nullptr;
  }
  explicit operator bool() const { return function_ != nullptr; }

  template <class... Arguments>
  void operator()(Arguments&&... arguments) const {
    const auto kept = function_;
    if (kept) (*kept)(std::forward<Arguments>(arguments)...);
  }

 private:
  std::shared_ptr<std::function<Signature>> function_;
};

}  // namespace roomwire::client
