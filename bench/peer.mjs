// One end of the benchmark: Trystero in Node, over node-datachannel. See bench/peer.cpp.
//   node bench/peer.mjs echo|drive|obey ROOM RELAY [MESSAGES]
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../test/interop/package.json", import.meta.url));
const load = (name) => import(pathToFileURL(require.resolve(name)));

const [role, roomId, relay, messages = "100000"] = process.argv.slice(2);
globalThis.WebSocket ??= (await load("ws")).default;
const { RTCPeerConnection } = await load("node-datachannel/polyfill");
const { joinRoom } = await load("trystero-0.25.4");

const config = {
  appId: "patchies",
  relayConfig: { urls: [relay] },
  rtcPolyfill: RTCPeerConnection,
  rtcConfig: { iceServers: [] },
};
const room = joinRoom(config, roomId);
const action = room.makeAction("bench");
const total = Number(messages);
const text = "x".repeat(80);
const warmUp = 200;
const roundTrips = 2000;
const batch = 1000;

const now = () => Number(process.hrtime.bigint()) / 1000;
const times = [];
let sentAt = 0;
let burstBegan = 0;
let echoes = 0;

const sendOne = () => {
  sentAt = now();
  action.send(text);
};

// A batch at a time, each awaited: Trystero waits for the channel within send().
const burst = async () => {
  burstBegan = now();
  for (let sent = 0; sent < total; sent += batch) {
    const count = Math.min(batch, total - sent);
    await Promise.all(Array.from({ length: count }, () => action.send(text)));
  }
};

const finish = () => {
  const seconds = (now() - burstBegan) / 1e6;
  const sorted = times.slice(warmUp).sort((a, b) => a - b);
  const p50 = sorted[Math.floor(sorted.length / 2)];
  const p99 = sorted[Math.floor((sorted.length * 99) / 100)];
  console.log(JSON.stringify({ p50, p99, rate: total / seconds }));
  process.exit(0);
};

action.onMessage = (data, { peerId }) => {
  if (role === "echo") {
    action.send(data, { target: peerId });
  } else if (times.length < warmUp + roundTrips) {
    times.push(now() - sentAt);
    if (times.length < warmUp + roundTrips) sendOne();
    else burst();
  } else if (++echoes === total) {
    finish();
  }
};
const obey = () => {
  const order = room.makeAction("order");
  const bulk = room.makeAction("bulk");
  let awaited = 0;
  bulk.onMessage = () => --awaited === 0 && order.send("done");
  order.onMessage = async (text) => {
    const [what, count, size] = text.split(" ");
    if (what === "take") {
      awaited = Number(count);
      return order.send("ready");
    }
    const data = new Uint8Array(Number(size));
    for (let left = Number(count); left > 0; left -= 100) {
      const next = Array.from({ length: Math.min(100, left) });
      await Promise.all(next.map(() => bulk.send(data)));
    }
  };
};
if (role === "obey") obey();

room.onPeerJoin = () => {
  console.log("joined");
  if (role === "drive") sendOne();
};
