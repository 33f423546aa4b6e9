#!/usr/bin/env bash
# ChucK 1.4.2 (Debian 12), OscIn: a fader that is right all the way reads 0 at its end. What has no
# types of its own (JSON, a patch) sends 0.99 as a float and 1 as an integer, and getFloat() of an
# integer is 0, without a word. It converts only where the address names the type, "/fader, f": then
# an integer, a double and 64 bits are read rightly as well, which else count as 0 all of them.
set -euo pipefail
folder=$(mktemp -d)
chuck=
trap '[ -z "$chuck" ] || kill "$chuck" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq chuck=1.4.2.0-1 2>/dev/null
dpkg -x chuck_*.deb root

cat >look.ck <<'CK'
OscIn named, all;
Std.atoi(me.arg(0)) => named.port;
Std.atoi(me.arg(1)) => all.port;
named.addAddress("/fader, f");
all.listenAll();
fun void show(OscIn in, string how) {
  OscMsg m;
  while (true) {
    in => now;
    while (in.recv(m)) {
      chout <= how <= " " <= m.getFloat(0) <= IO.newline();
      chout.flush();
    }
  }
}
spork ~ show(named, "type named:");
spork ~ show(all, "any type:");
chout <= "ready" <= IO.newline();
chout.flush();
1::day => now;
CK
free='const s = require("dgram").createSocket("udp4").bind(0, () => (console.log(s.address().port), s.close()))'
named=$(node -e "$free") all=$(node -e "$free")
mkfifo said
root/usr/bin/chuck --silent "look.ck:$named:$all" >said 2>errors &
chuck=$!
exec 3<said
read -r -t 60 line <&3 && [ "$line" = ready ]
for port in "$named" "$all"; do
  for value in ',f\0\0\x3f\x7d\x70\xa4' ',i\0\0\0\0\0\1' ',d\0\0\x3f\xe0\0\0\0\0\0\0' ',h\0\0\0\0\0\0\0\0\0\7'; do
    # Its sockets open a little after it says so: what came too early is sent again.
    for _ in {1..30}; do
      printf "/fader\\0\\0$value" >"/dev/udp/127.0.0.1/$port"
      ! read -r -t 2 line <&3 || break
    done
    echo "$line"
  done
done >seen
cat errors >>seen
cat seen
diff -u - seen <<'TEXT'
type named: 0.99
type named: 1
type named: 0.5
type named: 7
any type: 0.99
any type: 0
any type: 0
any type: 0
OscIn: error: unhandled OSC type 'd'
OscIn: error: unhandled OSC type 'h'
TEXT
