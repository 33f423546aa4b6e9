// Multicast DNS responses from anybody on the network.
#include <base/bytes.hpp>
#include <cstdlib>
#include <net/mdns_message.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace roomwire;
  const auto response = net::parse_mdns_response({data, size});
  if (response) {
    for (const net::MdnsAnswer& answer : response->answers) {
      if (answer.name.size() > 253 || answer.address.is_multicast()) std::abort();
    }
  }
  const std::string_view name = as_text({data, size});
  if (net::is_dns_name(name)) {
    // A query is a whole message: turned into a response without records, it parses.
    Bytes query = net::mdns_query(1, name, net::MdnsType::a);
    query[2] = 0x80;
    if (!net::parse_mdns_response(query)) std::abort();
  }
  return 0;
}
