#!/usr/bin/env bash
# node-datachannel 0.33.4 (npm, libdatachannel for Node; its polyfill is what Trystero is given): a
# message that came and was acknowledged is never handed on when the connection ends before the
# program looks. Here it came 1 s before the close, while a timer's function computed; what the
# program is told of, then, is the end alone. A socket would be expected to give what it has
# received first, and the end behind it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . node-datachannel@0.33.4 >/dev/null

cat >receiver.mjs <<'JS'
import { RTCPeerConnection } from 'node-datachannel/polyfill';

const peer = new RTCPeerConnection({ iceServers: [] });
const tell = (heard) => process.send({ heard });
peer.onicecandidate = ({ candidate }) =>
  candidate && process.send({ candidate: candidate.candidate, mid: candidate.sdpMid });
peer.onconnectionstatechange = () => {
  if (peer.connectionState === 'closed') tell('(closed)');
};
const compute = () => {
  for (const end = Date.now() + 3000; Date.now() < end; );
};
const channel = peer.createDataChannel('data');
channel.onmessage = ({ data }) => {
  tell(data);
  if (data === 'now compute') setTimeout(compute, 0);
};
process.on('message', ({ sdp, type, candidate, mid }) =>
  sdp
    ? peer.setRemoteDescription({ sdp, type })
    : peer.addIceCandidate({ candidate, sdpMid: mid, sdpMLineIndex: 0 }),
);
await peer.setLocalDescription();
process.send({ sdp: peer.localDescription.sdp, type: 'offer' });
JS
cat >look.mjs <<'JS'
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import rtc from 'node-datachannel';

const receiver = fork('receiver.mjs');
const peer = new rtc.PeerConnection('sender', { iceServers: [] });
const heard = new Set();
let closed;
const end = new Promise((resolve) => (closed = resolve));
receiver.on('message', ({ sdp, type, candidate, mid, heard: text }) => {
  if (sdp) peer.setRemoteDescription(sdp, type);
  else if (candidate) peer.addRemoteCandidate(candidate, mid);
  else heard.add(text);
  if (text === '(closed)') closed();
});
peer.onLocalDescription((sdp, type) => receiver.send({ sdp, type }));
peer.onLocalCandidate((candidate, mid) => receiver.send({ candidate, mid }));
const channel = await new Promise((resolve) => peer.onDataChannel(resolve));
channel.sendMessage('now compute');
await sleep(500);
channel.sendMessage('the last message');
await sleep(1000);
console.log(`not sent so far: ${channel.bufferedAmount()} bytes`);
peer.close();
await end;
await sleep(1000);
console.log(`heard: ${[...heard].join(', ')}`);
receiver.kill();
process.exit(0);
JS
node look.mjs >seen
cat >expected <<'TEXT'
not sent so far: 0 bytes
heard: now compute, (closed)
TEXT
cat seen
diff -u expected seen
