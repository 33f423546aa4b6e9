// Measures OSC in → room → OSC out through two bridges: roomwire osc, and beside it a bridge in
// Node (osc-bridge.mjs). Same relay, same messages from the same sender, in turn.
//   node bench/osc.mjs BUILD-FOLDER [ROUNDS] [MESSAGES]
import { fileURLToPath } from "node:url";
import {
  inTurn,
  lineLike,
  nextLine,
  printTable,
  processorSeconds,
  residentMegabytes,
  start,
  startRelay,
  stopAll,
} from "./processes.mjs";

const [folder, rounds = "5", messages = "100000"] = process.argv.slice(2);
const nodeBridge = fileURLToPath(new URL("osc-bridge.mjs", import.meta.url));
/** On their way at once; a UDP socket's buffer on Linux holds some 270 of them. */
const window = 128;

const kinds = {
  native: {
    listen(room, url) {
      const place = ["--room", room, "--relay", url, "--ice-server", "none"];
      return start([`${folder}/roomwire`, "osc", ...place, "--listen", "127.0.0.1:0"], "stderr");
    },
    to(room, url, port) {
      const place = ["--room", room, "--relay", url, "--ice-server", "none"];
      return start([`${folder}/roomwire`, "osc", ...place, "--to", `127.0.0.1:${port}`], "stderr");
    },
  },
  node: {
    listen: (room, url) => start([process.execPath, nodeBridge, "listen", room, url]),
    to: (room, url, port) => start([process.execPath, nodeBridge, "to", room, url, port]),
  },
};

const measure = async (kind, url, round) => {
  const room = `osc ${kind} ${round} ${process.pid}`;
  const load = start([`${folder}/bench/bench_osc_load`, messages, String(window)]);
  const port = await nextLine(load);
  const bridges = [kinds[kind].listen(room, url), kinds[kind].to(room, url, port)];
  load.stdin.write(`${await lineLike(bridges[0], /^listening on .*?(\d+)(\/|$)/)}\n`);
  const result = JSON.parse(await nextLine(load));
  const sum = (of) => bridges.map(of).reduce((a, b) => a + b);
  const [memory, cpu] = [sum(residentMegabytes), sum(processorSeconds)];
  for (const bridge of bridges) bridge.kill();
  return { ...result, memory, cpu };
};

const figures = [
  ["OSC in to OSC out, p50 (µs)", "p50"],
  ["OSC in to OSC out, p99 (µs)", "p99"],
  ["messages per second", "rate"],
  ["messages lost", "lost"],
  ["memory of both bridges after the burst (MB)", "memory"],
  ["processor time of both bridges (s)", "cpu"],
];

try {
  const url = await startRelay(folder);
  const results = await inTurn(Object.keys(kinds), Number(rounds), (kind, round) =>
    measure(kind, url, round),
  );
  const title = `median of ${rounds} rounds, ${messages} OSC messages of 24 bytes`;
  printTable(title, "Trystero 0.25.4 and node-osc in Node", figures, results);
} finally {
  stopAll();
}
