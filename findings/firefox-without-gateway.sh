#!/usr/bin/env bash
# Firefox 153 ESR (Debian): a page that was opened by 127.0.0.1 gathers no ICE candidate at all, and
# never says that it has gathered all, when the machine has no route to 8.8.8.8, though it has a
# network card. No packet goes there: Firefox asks the system by which address it would. Opened by the
# address of that card, the same page has candidates without such a route. Chromium has them in both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v firefox-esr >/dev/null || { echo "install firefox-esr" >&2; exit 1; }

cat >look.mjs <<'JS'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';

const page = `<!doctype html><script type="module">
const peer = new RTCPeerConnection();
let count = 0;
const done = new Promise((resolve) => {
  peer.onicecandidate = ({ candidate }) => (candidate ? (count += candidate.candidate !== '') : resolve(true));
  setTimeout(resolve, 5000, false);
});
peer.createDataChannel('x');
await peer.setLocalDescription();
const complete = await done;
await fetch('/' + (count > 0 ? 'some' : 'no') + ' candidates, ' + (complete ? 'complete' : 'never complete'));
</script>`;
const server = createServer((request, response) => {
  const said = decodeURIComponent(request.url.slice(1));
  if (said.includes('candidates')) server.emit('said', said);
  response.setHeader('content-type', 'text/html').end(page);
}).listen(0);
await once(server, 'listening');
for (const host of ['127.0.0.1', '10.1.2.3']) {
  const url = `http://${host}:${server.address().port}/`;
  const firefox = spawn('firefox-esr', ['--headless', '--profile', process.argv[2] + host, url]);
  const ended = once(firefox, 'exit');
  const [said] = await once(server, 'said');
  console.log(`${host}: ${said}`);
  firefox.kill();
  await ended;
}
server.close();
server.closeAllConnections();
JS
mkdir profile-127.0.0.1 profile-10.1.2.3
export HOME=$folder
unshare -rn sh -c '
  ip link set lo up
  ip link add card type veth peer name other
  ip address add 10.1.2.3/24 dev card
  ip link set card up && ip link set other up
  exec node look.mjs "$PWD/profile-"' >seen
cat >expected <<'TEXT'
127.0.0.1: no candidates, never complete
10.1.2.3: some candidates, complete
TEXT
cat seen
diff -u expected seen
