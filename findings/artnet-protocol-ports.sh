#!/usr/bin/env bash
# artnet-protocol 0.2.1 (npm): its ArtPollReply has the direction of a node's ports right when it
# writes and the wrong way round when it reads. A node whose port puts out DMX from Art-Net (0x80 in
# PortTypes, every dimmer and gateway) is read as one that only has an input, its own replies included.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . artnet-protocol@0.2.1 >/dev/null

cat >look.cjs <<'JS'
const { ArtPollReply, PortInfo, decode } = require('artnet-protocol/dist/protocol');
const show = ({ isInput, isOutput }) => `input ${isInput}, output ${isOutput}`;
const reply = new ArtPollReply('10.0.0.1', 6454, 1, 0, 0, 0, 0, 1);
reply.portInfo[0] = new PortInfo(false, true, 0);
console.log('written:', show(reply.portInfo[0]));
const bytes = reply.encode();
console.log('PortTypes:', bytes[174].toString(16));
console.log('read:', show(decode(bytes).portInfo[0]));
JS
node look.cjs >seen
cat seen
diff -u - seen <<'TEXT'
written: input false, output true
PortTypes: 80
read: input true, output false
TEXT
