#include "relay/site.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace roomwire::relay {
namespace {

// Everything comes from the page itself; connections go to relays (of any host, without TLS too
// on a stage network), and WebRTC is not subject to it.
constexpr std::string_view content_security_policy =
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; "
    "style-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

std::string_view next_of(std::string_view& rest, char separator) {
  const std::string_view part = rest.substr(0, rest.find(separator));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return trimmed(part);
}

bool is_gzip(std::string_view name) {
  constexpr std::string_view gzip = "gzip";
  return std::equal(name.begin(), name.end(), gzip.begin(), gzip.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

// RFC 9110 section 12.5.3. Who says nothing gets no gzip: it may be a person with telnet.
bool accepts_gzip(std::string_view header) {
  while (!header.empty()) {
    std::string_view coding = next_of(header, ',');
    const std::string_view name = next_of(coding, ';');
    if (name != "*" && !is_gzip(name)) continue;
    coding = trimmed(coding);
    const bool is_refused =
        coding.starts_with("q=0") && coding.find_first_not_of("0.", 2) == std::string_view::npos;
    return !is_refused;
  }
  return false;
}

/// Status line and headers, as far as all answers have them.
std::string head(std::string_view status, std::string_view type, bool has_tls) {
  std::string out = "HTTP/1.1 ";
  out.append(status).append("\r\nConnection: close\r\nContent-Type: ").append(type);
  out.append("\r\nContent-Security-Policy: ").append(content_security_policy);
  // The room is in the URL.
  out.append("\r\nReferrer-Policy: no-referrer");
  out.append("\r\nX-Content-Type-Options: nosniff");
  out.append("\r\nCross-Origin-Resource-Policy: same-origin");
  // Without TLS browsers ignore it, and complain.
  if (has_tls) out.append("\r\nCross-Origin-Opener-Policy: same-origin");
  return out;
}

HttpResponse with_body(std::string head, std::string_view body, bool is_head) {
  head.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  if (!is_head) head.append(body);
  return {std::move(head), {}};
}

HttpResponse refuse(std::string_view status, std::string_view text, bool has_tls, bool is_head) {
  std::string out = head(status, "text/plain; charset=utf-8", has_tls);
  if (status.starts_with("405")) out.append("\r\nAllow: GET, HEAD");
  return with_body(std::move(out), text, is_head);
}

HttpResponse serve(const SiteFile& file, bool has_tls, const HttpRequest& request) {
  const bool is_gzip = accepts_gzip(request.accept_encoding);
  std::string etag = "\"";
  etag.append(file.etag).append(is_gzip ? "-gzip\"" : "\"");
  const bool is_known = request.if_none_match.find(etag) != std::string_view::npos;
  HttpResponse out;
  out.text = head(is_known ? "304 Not Modified" : "200 OK", file.type, has_tls);
  out.text.append("\r\nETag: ").append(etag).append("\r\nVary: Accept-Encoding");
  out.text.append(file.is_immutable ? "\r\nCache-Control: public, max-age=31536000, immutable"
                                    : "\r\nCache-Control: no-cache");
  if (!is_known) {
    const std::string_view body = is_gzip ? file.gzip : file.plain;
    if (is_gzip) out.text.append("\r\nContent-Encoding: gzip");
    out.text.append("\r\nContent-Length: ").append(std::to_string(body.size()));
    if (request.method != "HEAD") out.file = body;
  }
  out.text.append("\r\n\r\n");
  return out;
}

}  // namespace

std::string_view path_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.size(), target.find_first_of("/?#")));
    if (!target.starts_with('/')) return "/";
  }
  return target.substr(0, target.find_first_of("?#"));
}

HttpResponse respond(const Site& site, const Origins& allowed, const HttpRequest& request) {
  const bool has_tls = request.has_tls;
  const bool is_head = request.method == "HEAD";
  if (!is_head && request.method != "GET") {
    return refuse("405 Method Not Allowed", "Only GET and HEAD.\n", has_tls, false);
  }
  if (!has_own_host(request, allowed)) {
    return refuse("421 Misdirected Request",
                  "Open this page by this machine's address, such as http://192.168.1.7:8080/, or "
                  "by its name on this network; --allow-origin lets other names in.\n",
                  has_tls, is_head);
  }
  std::string_view path = path_of(request.target);
  if (path == "/config.json") {
    std::string out = head("200 OK", "application/json", has_tls);
    out.append("\r\nCache-Control: no-store");
    return with_body(std::move(out), site.config, is_head);
  }
  if (path == "/") path = "/index.html";
  const auto file = std::find_if(site.files.begin(), site.files.end(),
                                 [path](const SiteFile& each) { return each.path == path; });
  if (file == site.files.end()) return refuse("404 Not Found", "Not here.\n", has_tls, is_head);
  return serve(*file, has_tls, request);
}

}  // namespace roomwire::relay
