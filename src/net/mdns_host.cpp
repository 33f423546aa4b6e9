#include "net/mdns_host.hpp"

#include <algorithm>
#include <base/bytes.hpp>
#include <utility>

namespace roomwire::net {

namespace {

// RFC 6762 sections 8.1 and 8.3.
constexpr unsigned probes = 3;
constexpr Duration probe_interval = 250ms;
constexpr unsigned announcements = 2;
constexpr Duration announcement_interval = 1s;
// Section 8.2: who loses against another who claims at the same time waits.
constexpr Duration defeat = 1s;
// Section 9: after so many rivals a claim may come only so often.
constexpr unsigned many_rivals = 15;
constexpr Duration many_rivals_wait = 5s;
// Section 6: answers wait for others that may say the same, and are not said again at once.
constexpr Duration shortest_delay = 20ms;
constexpr Duration longest_delay = 120ms;
constexpr Duration rest = 1s;
// Section 10, in seconds; and for those who know no multicast DNS, section 6.7.
constexpr std::uint32_t host_life = 120;
constexpr std::uint32_t other_life = 4'500;
constexpr std::uint32_t legacy_life = 10;

constexpr std::string_view list_of_types = "_services._dns-sd._udp.local";  // RFC 6763 section 9
constexpr std::size_t longest_label = 63;
constexpr std::size_t host_digits = 12;

std::string in_lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// At most `size` bytes, without half a character.
std::string cut(std::string text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U)
    --size;
  text.resize(size);
  return text;
}

void append(std::vector<MdnsRecord>& to, std::vector<MdnsRecord> records) {
  std::move(records.begin(), records.end(), std::back_inserter(to));
}

bool asks(const MdnsQuestion& question, std::string_view name,
          std::initializer_list<MdnsType> types) {
  if (question.name != name) return false;
  return question.type == MdnsType::any ||
         std::find(types.begin(), types.end(), question.type) != types.end();
}

}  // namespace

MdnsHost::MdnsHost(MdnsHostPort& out, Entropy& entropy, const std::vector<MdnsService>& services)
    : out_(out), entropy_(entropy) {
  for (const MdnsService& each : services) {
    if (services_.size() == max_services) break;
    std::string label = each.instance;
    std::replace_if(
        label.begin(), label.end(),
        [](char c) { return c == '.' || static_cast<unsigned char>(c) < ' '; }, '-');
    services_.push_back({each.type + ".local", std::move(label), {}, each.port});
    name(services_.back());
  }
  name_host();
}

void MdnsHost::name_host() {
  host_ = "roomwire-" + in_lower_case(entropy_.id(host_digits)) + ".local";
}

void MdnsHost::name(Service& service) const {
  const auto is_taken = [&](const std::string& name) {
    return std::any_of(services_.begin(), services_.end(), [&](const Service& other) {
      return &other != &service && in_lower_case(other.instance) == in_lower_case(name);
    });
  };
  for (;; ++service.number) {
    const std::string end = service.number == 1 ? "" : " (" + std::to_string(service.number) + ")";
    service.instance = cut(service.label, longest_label - end.size()) + end + "." + service.type;
    if (!is_taken(service.instance)) return;
  }
}

// ---- claiming ----

void MdnsHost::set_routes(Time now, std::vector<std::vector<IpAddress>> addresses) {
  routes_.clear();
  for (auto& each : addresses)
    routes_.push_back({std::move(each), 0, {}, {}});
  claim(now, Duration(static_cast<Duration::rep>(
                 entropy_.unit() * static_cast<double>(Duration(probe_interval).count()))));
}

void MdnsHost::claim(Time now, Duration wait) {
  probes_left_ = probes;
  announcements_left_ = announcements;
  step_ = now + wait;
  for (Route& route : routes_)
    route.due.reset();
}

void MdnsHost::handle_timeout(Time now) {
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    Route& route = routes_[i];
    if (!route.due || *route.due > now) continue;
    route.due.reset();
    route.sent = now;
    send(i, response(route, std::exchange(route.wanted, 0)));
  }
  if (!step_ || *step_ > now) return;
  if (probes_left_ > 0) {
    --probes_left_;
    step_ = now + probe_interval;
    return probe();
  }
  step_ = --announcements_left_ > 0 ? Deadline(now + announcement_interval) : std::nullopt;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    routes_[i].sent = now;
    send(i, response(routes_[i], all_records()));
  }
}

Deadline MdnsHost::next_timeout() const {
  Deadline next = step_;
  for (const Route& route : routes_)
    next = earlier(next, route.due);
  return next;
}

void MdnsHost::probe() {
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    MdnsMessage query;
    query.questions.push_back({host_, MdnsType::any});
    query.authorities = address_records(routes_[i]);
    for (const Service& service : services_) {
      query.questions.push_back({service.instance, MdnsType::any});
      query.authorities.push_back(location(service));
    }
    // What is only claimed is not said to be unique yet (section 10.2).
    for (MdnsRecord& record : query.authorities)
      record.unique = false;
    send(i, query);
  }
}

void MdnsHost::say_goodbye() {
  const bool was_told = probes_left_ == 0 && announcements_left_ < announcements;
  step_.reset();
  if (!was_told) return;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    MdnsMessage message = response(routes_[i], all_records() & ~type_records);
    for (MdnsRecord& record : message.answers)
      record.time_to_live = 0;
    send(i, message);
  }
}

// ---- what comes ----

void MdnsHost::handle(Time now, std::size_t route, const Endpoint& from, ByteView packet) {
  if (route >= routes_.size()) return;
  const auto message = parse_mdns_message(packet);
  if (!message) return;
  // Section 11: answers from another port are none.
  if (message->is_response && from.port != port) return;
  if (message->is_response || probes_left_ > 0) return look_for_rivals(now, *message);
  answer(now, route, from, *message);
}

void MdnsHost::look_for_rivals(Time now, const MdnsMessage& message) {
  const auto conflicts = [&](const MdnsRecord& record, const Service& service) {
    return record.type == MdnsType::srv && record.name == in_lower_case(service.instance) &&
           record.data != location(service).data && record.time_to_live > 0;
  };
  if (!message.is_response) {
    // Two claim at the same time: the later one in the order of bytes has it (section 8.2).
    for (const MdnsRecord& record : message.authorities) {
      for (const Service& service : services_) {
        if (conflicts(record, service) && location(service).data < record.data)
          return claim(now, defeat);
      }
    }
    return;
  }
  bool lost = false;
  for (const auto* records : {&message.answers, &message.additionals}) {
    for (const MdnsRecord& record : *records) {
      for (Service& service : services_) {
        if (!conflicts(record, service)) continue;
        const std::string old = service.instance;
        ++service.number;
        name(service);
        out_.renamed(old, service.instance);
        lost = true;
      }
      if (record.name == host_ && record.time_to_live > 0 && !is_own_address(record)) {
        name_host();
        lost = true;
      }
    }
  }
  if (!lost) return;
  ++rivals_;
  claim(now, rivals_ > many_rivals ? many_rivals_wait : probe_interval);
}

bool MdnsHost::is_own_address(const MdnsRecord& record) const {
  if (record.type != MdnsType::a && record.type != MdnsType::aaaa) return true;
  return std::any_of(routes_.begin(), routes_.end(), [&](const Route& route) {
    const auto own = address_records(route);
    return std::any_of(own.begin(), own.end(),
                       [&](const MdnsRecord& each) { return each.data == record.data; });
  });
}

void MdnsHost::answer(Time now, std::size_t index, const Endpoint& from, const MdnsMessage& query) {
  const Records wanted = wanted_by(query);
  if (wanted == 0) return;
  Route& route = routes_[index];
  if (from.port != port) {
    // A program that knows no multicast DNS: as a name server would (section 6.7).
    MdnsMessage message = response(route, wanted);
    message.id = query.id;
    message.questions = query.questions;
    for (auto* records : {&message.answers, &message.additionals}) {
      for (MdnsRecord& record : *records) {
        record.unique = false;
        record.time_to_live = std::min(record.time_to_live, legacy_life);
      }
    }
    return send(index, message, from);
  }
  route.wanted |= wanted;
  const auto spread = static_cast<double>(Duration(longest_delay - shortest_delay).count());
  Time due = now + shortest_delay + Duration(static_cast<Duration::rep>(entropy_.unit() * spread));
  if (route.sent) due = std::max(due, *route.sent + rest);
  // Who is about to claim a name is told at once that it is taken (section 6).
  if (!query.authorities.empty()) due = now;
  route.due = earlier(route.due, due);
}

MdnsHost::Records MdnsHost::wanted_by(const MdnsMessage& query) const {
  Records wanted = 0;
  for (const MdnsQuestion& question : query.questions) {
    if (asks(question, host_, {MdnsType::a, MdnsType::aaaa})) wanted |= host_records;
    if (asks(question, list_of_types, {MdnsType::ptr})) wanted |= type_records;
    for (std::size_t i = 0; i < services_.size(); ++i) {
      if (asks(question, services_[i].type, {MdnsType::ptr})) wanted |= pointer_of(i);
      if (asks(question, in_lower_case(services_[i].instance), {MdnsType::srv, MdnsType::txt}))
        wanted |= rest_of(i);
    }
  }
  // What the asker knows for half its life need not be said (section 7.1).
  for (const MdnsRecord& known : query.answers) {
    for (std::size_t i = 0; i < services_.size(); ++i) {
      const bool same = known.type == MdnsType::ptr && known.name == services_[i].type &&
                        known.data == mdns_name(in_lower_case(services_[i].instance));
      if (same && known.time_to_live >= other_life / 2) wanted &= ~pointer_of(i);
    }
  }
  return wanted;
}

// ---- records ----

MdnsHost::Records MdnsHost::all_records() const {
  Records all = host_records | type_records;
  for (std::size_t i = 0; i < services_.size(); ++i)
    all |= pointer_of(i) | rest_of(i);
  return all;
}

MdnsMessage MdnsHost::response(const Route& route, Records records) const {
  MdnsMessage message;
  message.is_response = true;
  Records also = 0;
  for (std::size_t i = 0; i < services_.size(); ++i) {
    if ((records & pointer_of(i)) != 0) {
      message.answers.push_back(pointer(services_[i]));
      also |= rest_of(i);
    }
    if ((records & rest_of(i)) != 0) {
      message.answers.push_back(location(services_[i]));
      message.answers.push_back(text(services_[i]));
    }
    if (((records | also) & rest_of(i)) != 0) also |= host_records;
    if ((records & type_records) != 0) {
      MdnsRecord type{std::string(list_of_types), MdnsType::ptr, other_life, false,
                      mdns_name(services_[i].type)};
      if (std::find(message.answers.begin(), message.answers.end(), type) == message.answers.end())
        message.answers.push_back(std::move(type));
    }
  }
  if ((records & host_records) != 0) append(message.answers, address_records(route));
  also &= ~records;
  for (std::size_t i = 0; i < services_.size(); ++i) {
    if ((also & rest_of(i)) == 0) continue;
    message.additionals.push_back(location(services_[i]));
    message.additionals.push_back(text(services_[i]));
  }
  if ((also & host_records) != 0) append(message.additionals, address_records(route));
  return message;
}

void MdnsHost::send(std::size_t route, const MdnsMessage& message,
                    const std::optional<Endpoint>& to) {
  out_.send(route, mdns_message(message), to);
}

std::vector<MdnsRecord> MdnsHost::address_records(const Route& route) const {
  std::vector<MdnsRecord> records;
  for (const IpAddress& address : route.addresses) {
    const auto bytes = as_bytes(address.bytes());
    records.push_back({host_, address.is_v4() ? MdnsType::a : MdnsType::aaaa, host_life, true,
                       Bytes(bytes.begin(), bytes.end())});
  }
  return records;
}

MdnsRecord MdnsHost::pointer(const Service& service) const {
  return {service.type, MdnsType::ptr, other_life, false, mdns_name(service.instance)};
}

MdnsRecord MdnsHost::location(const Service& service) const {
  MdnsRecord record{service.instance, MdnsType::srv, host_life, true, {}};
  ByteWriter writer(record.data);
  writer.zeros(4);  // priority and weight
  writer.u16(service.port);
  writer.bytes(mdns_name(host_));
  return record;
}

// There is nothing to say, which takes one empty string (RFC 6763 section 6.1).
MdnsRecord MdnsHost::text(const Service& service) const {
  return {service.instance, MdnsType::txt, other_life, true, Bytes{0}};
}

}  // namespace roomwire::net
