#include "cli/flags/bridge_flags.hpp"

#include <algorithm>
#include <utility>

namespace roomwire::cli {

std::string FlagNames::in(std::string_view text) const {
  std::string out;
  while (!prefix_.empty()) {
    const std::size_t at = text.find("--");
    if (at == std::string_view::npos) break;
    const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
    const std::string name(text.substr(at, end - at));
    const bool is_ours = std::find(flags_.begin(), flags_.end(), name) != flags_.end();
    out.append(text.substr(0, at)).append(is_ours ? of(name) : name);
    text.remove_prefix(at + name.size());
  }
  return out.append(text);
}

BridgeFlags::BridgeFlags(CommandParser& parser, const std::string& prefix, std::string title)
    : parser_(parser), names_(prefix), title_(prefix.empty() ? "" : std::move(title)) {}

void BridgeFlags::add(Flag flag, const std::string& group) {
  names_.add(flag.name);
  flag.name = names_.of(flag.name);
  flag.help = names_.in(flag.help);
  parser_.add_value(flag, this->group(group));
}

void BridgeFlags::add(const std::string& name, bool& out, const std::string& help,
                      const std::string& group) {
  names_.add(name);
  parser_.app().add_flag(names_.of(name), out, names_.in(help))->group(this->group(group));
}

bool BridgeFlags::has_any() const {
  const auto& all = names_.all();
  return std::any_of(all.begin(), all.end(), [this](const std::string& each) { return has(each); });
}

void BridgeFlags::need(bool met, const std::vector<std::string>& flags,
                       const std::string& problem) const {
  if (met) return;
  for (const std::string& flag : flags) {
    if (has(flag)) reject(flag, problem);
  }
}

void BridgeFlags::reject(const std::string& name, const std::string& problem) const {
  cli::reject(names_.of(name), names_.in(problem));
}

std::string BridgeFlags::group(const std::string& name) const {
  if (title_.empty()) return name;
  if (name == "Options") return title_;
  std::string lower = name;
  lower.front() = static_cast<char>(lower.front() - 'A' + 'a');
  return title_ + " " + lower;
}

}  // namespace roomwire::cli
