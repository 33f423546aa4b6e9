#!/usr/bin/env bash
# usrsctp 0.9.5.0 (Debian 12; also the SCTP of libdatachannel and GStreamer): an association ends when
# one chunk has been sent 30 times, though nothing else is lost and the peer acknowledges all the
# time. SACKs that leave the chunk out have it sent again every few milliseconds, and each copy
# counts, so it takes a third of a second. SCTP's own limit counts timeouts, which double, and would
# allow minutes (RFC 9260 section 8.1, Association.Max.Retrans). A busy receiver whose socket
# overflows is thus given up in the middle of a burst.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libusrsctp-dev=0.9.5.0-2 libusrsctp2=0.9.5.0-2 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done

cat >look.c <<'C'
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <usrsctp.h>

/* Two ends in one process, whose keys are 1 and 2; time passes by a millisecond a step. */
struct packet {
  struct packet *next;
  uintptr_t to;
  size_t size;
  char bytes[2000];
};
static struct packet *first, **last = &first;
static bool is_up[3], is_lost[3], is_watching;
static const size_t header = 12; /* of a packet; then type, flags and size of a chunk, and its TSN */
static char watched[4];
static int copies;

static bool swallow(uintptr_t from, const char *bytes, size_t size) {
  if (!is_watching || from != 1 || size < header + 8 || bytes[header] != 0) return false;
  if (copies == 0) memcpy(watched, bytes + header + 4, 4);
  const bool is_watched = memcmp(watched, bytes + header + 4, 4) == 0;
  copies += is_watched;
  return is_watched;
}

static int send_packet(void *key, void *bytes, size_t size, uint8_t tos, uint8_t df) {
  if (swallow((uintptr_t)key, bytes, size)) return 0;
  struct packet *packet = calloc(1, sizeof(*packet));
  packet->to = 3 - (uintptr_t)key;
  packet->size = size;
  memcpy(packet->bytes, bytes, size);
  *last = packet;
  last = &packet->next;
  return 0;
}

static void step(void) {
  while (first) {
    struct packet *packet = first;
    first = packet->next;
    if (!first) last = &first;
    usrsctp_conninput((void *)packet->to, packet->bytes, packet->size, 0);
    free(packet);
  }
  usrsctp_handle_timers(1);
}

static int hear(struct socket *socket, union sctp_sockstore from, void *data, size_t size,
                struct sctp_rcvinfo info, int flags, void *key) {
  const struct sctp_assoc_change *change = data;
  if (data && (flags & MSG_NOTIFICATION) && change->sac_type == SCTP_ASSOC_CHANGE) {
    is_up[(uintptr_t)key] |= change->sac_state == SCTP_COMM_UP;
    is_lost[(uintptr_t)key] |= change->sac_state == SCTP_COMM_LOST;
  }
  free(data);
  return 1;
}

int main(void) {
  struct socket *ends[3];
  usrsctp_init_nothreads(0, send_packet, NULL);
  usrsctp_sysctl_set_sctp_ecn_enable(0);
  struct sockaddr_conn address = {.sconn_family = AF_CONN, .sconn_port = 0x8813};
  for (uintptr_t key = 1; key < 3; ++key) {
    void *name = address.sconn_addr = (void *)key;
    usrsctp_register_address(name);
    ends[key] = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, hear, NULL, 0, name);
    struct sctp_event event = {SCTP_ALL_ASSOC, SCTP_ASSOC_CHANGE, 1};
    usrsctp_setsockopt(ends[key], IPPROTO_SCTP, SCTP_EVENT, &event, sizeof(event));
    usrsctp_set_non_blocking(ends[key], 1);
    usrsctp_bind(ends[key], (struct sockaddr *)&address, sizeof(address));
  }
  for (uintptr_t key = 1; key < 3; ++key) {
    address.sconn_addr = (void *)key;
    usrsctp_connect(ends[key], (struct sockaddr *)&address, sizeof(address));
  }
  for (int ms = 0; ms < 5000 && !(is_up[1] && is_up[2]); ++ms) step();
  printf("connected: %s\n", is_up[1] && is_up[2] ? "yes" : "no");
  is_watching = true;
  int ms = 0;
  for (; ms < 60000 && !is_lost[1]; ++ms) {
    struct sctp_sndinfo info = {0};
    usrsctp_sendv(ends[1], "tick", 4, NULL, 0, &info, sizeof(info), SCTP_SENDV_SNDINFO, 0);
    step();
  }
  printf("%d copies of one chunk; association %s, %s\n", copies, is_lost[1] ? "lost" : "there",
         ms < 1000 ? "within a second" : "later");
}
C
library=$(dirname root/usr/lib/*/libusrsctp.so.2)
gcc -w -Iroot/usr/include look.c -o look -L"$library" -lusrsctp
LD_LIBRARY_PATH=$library ./look >seen
cat seen
diff -u - seen <<'TEXT'
connected: yes
30 copies of one chunk; association lost, within a second
TEXT
