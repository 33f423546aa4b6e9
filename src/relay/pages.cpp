#include "relay/pages.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

namespace roomwire::relay {
namespace {

namespace json = boost::json;

constexpr std::string_view text_type = "text/plain; charset=utf-8";

HttpResponse response(std::string_view status, std::string_view type, std::string_view body,
                      bool with_body = true) {
  std::string out = "HTTP/1.1 ";
  out.append(status).append("\r\nConnection: close\r\nContent-Type: ").append(type);
  out.append("\r\nContent-Length: ").append(std::to_string(body.size()));
  // NIP-11: "Relays MUST accept CORS requests by sending" these three.
  out.append("\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *");
  out.append("\r\nAccess-Control-Allow-Methods: GET, HEAD, OPTIONS");
  out.append("\r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'");
  if (status.starts_with("405")) out.append("\r\nAllow: GET, HEAD, OPTIONS");
  if (status.starts_with("503")) out.append("\r\nRetry-After: 10");
  out.append("\r\n\r\n");
  if (with_body) out.append(body);
  return {std::move(out), {}};
}

/// NIP-11, "Relay Information Document".
std::string information_document(const PageInfo& info, const Limits& limits) {
  return json::serialize(json::object{
      {"name", info.name},
      {"description", info.description},
      {"software", "roomwire"},
      {"version", info.version},
      {"supported_nips", {1, 11}},
      {"limitation",
       {{"max_message_length", limits.message_bytes},
        {"max_subscriptions", limits.subscriptions},
        {"max_subid_length", 64},
        {"auth_required", false},
        {"payment_required", false},
        {"restricted_writes", false}}},
      {"retention", json::array{json::object{{"time", 0}}}},
  });
}

/// The Host header comes from the client and is shown to it: only what a host and port consist of.
std::string own_url(const PageInfo& info, std::string_view host) {
  const bool is_sane =
      !host.empty() && host.size() < 256 && std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
      });
  return (info.has_tls ? "wss://" : "ws://") + (is_sane ? std::string(host) : "HOST:PORT");
}

std::string usage_text(const PageInfo& info, std::string_view host) {
  const std::string url = own_url(info, host);
  std::string text = info.name + "\n";
  if (!info.description.empty()) text += info.description + "\n";
  text +=
      "\nThis is a relay where peers of a room find each other. It speaks WebSocket, passes\n"
      "messages on, and stores nothing. Two protocols share this address: Nostr (NIP-01), and\n"
      "Trystero's WebSocket relay protocol.\n\n"
      "roomwire        netrecv chat --room my-room --relay " +
      url +
      "\n"
      "Trystero 0.25   joinRoom({appId, relayConfig: {urls: ['" +
      url +
      "']}}, 'my-room')\n"
      "Trystero 0.23   joinRoom({appId, relayUrls: ['" +
      url + "']}, 'my-room')\n";
  return text;
}

}  // namespace

bool wants_document(const HttpRequest& request) {
  return request.accept.find("application/nostr+json") != std::string_view::npos;
}

HttpResponse respond(const PageInfo& info, const Limits& limits, const HttpRequest& request) {
  if (request.method == "OPTIONS") return response("204 No Content", text_type, "");
  const bool is_head = request.method == "HEAD";
  if (!is_head && request.method != "GET") {
    return respond_with_error("405 Method Not Allowed", "This relay answers GET and WebSocket.");
  }
  if (wants_document(request)) {
    return response("200 OK", "application/nostr+json", information_document(info, limits),
                    !is_head);
  }
  return response("200 OK", text_type, usage_text(info, request.host), !is_head);
}

HttpResponse respond_with_error(std::string_view status, std::string_view text) {
  return response(status, text_type, std::string(text) + "\n");
}

}  // namespace roomwire::relay
