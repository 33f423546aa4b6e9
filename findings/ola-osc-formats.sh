#!/usr/bin/env bash
# OLA 0.10.9 (Debian 12), OSC plugin: of the five formats in which an output can send a universe, OLA's
# own inputs take three. What leaves as float_array or int_array is an unknown message where it
# arrives, also at the olad that sent it: a warning in its log, and no light moves. Two of one program,
# both by its documented settings, would be expected to understand each other.
# It runs in a network of its own, since OLA's tools know no port but 9010.
set -euo pipefail
if [ "${1:-}" != inside ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  (cd "$folder" && apt-get download -qq ola=0.10.9.nojsmin-2 libola1=0.10.9.nojsmin-2 2>/dev/null)
  for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/root"; done
  mkdir "$folder/config"
  chmod -R a+rX "$folder"
  unshare -rn "$0" inside "$folder"
  exit
fi
cd "$2"
ip link set lo up
LD_LIBRARY_PATH=$(dirname root/usr/lib/*/libola.so.1)
PATH=root/usr/bin:$PATH
export LD_LIBRARY_PATH PATH
for plugin in artnet dummy e131 espnet ftdidmx gpio karate kinet milinst nanoleaf opendmx \
  openpixelcontrol pathport renard sandnet shownet spi stageprofi uartdmx usbdmx usbserial; do
  echo 'enabled = false' >"config/ola-$plugin.conf"
done
formats=(blob float_array int_array individual_float individual_int)
{
  printf 'enabled = true\nudp_listen_port = 7770\ninput_ports = 5\noutput_ports = 5\n'
  for port in "${!formats[@]}"; do # input n has the address to which output n sends
    echo "port_${port}_address = /in/$port"
    echo "port_${port}_targets = 127.0.0.1:7770/in/$port"
    echo "port_${port}_output_format = ${formats[port]}"
  done
} >config/ola-osc.conf

mkfifo log
# It does not run as root, also as that of a namespace, and leaves this folder.
unshare -U --map-user=1000 --map-group=1000 olad -c "$PWD/config" -l 3 --no-register-with-dns-sd \
  --pid-location "$PWD"/root/usr/share/ola/pids --http-data-dir "$PWD"/root/usr/share/olad/www 2>log &
olad=$!
trap 'kill $olad; wait' EXIT
exec 3<log
until_said() {
  local line
  while read -r -t 60 line <&3; do [[ $line != *"$1"* ]] || return 0; done
  return 1
}
until_said 'Started OSC'
for port in "${!formats[@]}"; do
  ola_patch -d 1 -p "$port" -u "2$port"
  ola_patch -d 1 -p "$port" -u "1$port" -i
done
cat >look.mjs <<'JS'
const formats = process.argv.slice(2);
const page = 'http://127.0.0.1:9090';
const levels = async (i) => (await (await fetch(`${page}/get_dmx?u=1${i}`)).json()).dmx.slice(0, 4);
const set = (i) =>
  fetch(`${page}/set_dmx`, { method: 'POST', body: new URLSearchParams({ u: `2${i}`, d: '255,128,1,0' }) });
for (const i of [1, 2, 0, 3, 4]) await set(i);
// The two come first: when the last has arrived, they have come or will not.
while ((await levels(4)).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
for (const i in formats) console.log(`${formats[i]}: ${(await levels(i)).join(' ') || 'nothing'}`);
JS
timeout 60 node look.mjs "${formats[@]}" >seen
for tags in ffff iiii; do until_said "Unknown OSC message type $tags"; done
cat seen
diff -u - seen <<'TEXT'
blob: 255 128 1 0
float_array: nothing
int_array: nothing
individual_float: 255 128 1 0
individual_int: 255 128 1 0
TEXT
