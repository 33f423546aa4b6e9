// Measures a pair of native peers beside a pair of Node peers, or beside a pair of another build:
// same relay, same messages, in turn.
//   node bench/run.mjs BUILD-FOLDER [ROUNDS] [MESSAGES] [OTHER-BUILD-FOLDER]
import { fileURLToPath } from "node:url";
import {
  inTurn,
  nextLine,
  printTable,
  processorSeconds,
  residentMegabytes,
  start,
  startRelay,
  stopAll,
} from "./processes.mjs";

const [folder, rounds = "5", messages = "100000", before] = process.argv.slice(2);
const nodePeer = fileURLToPath(new URL("peer.mjs", import.meta.url));
const kinds = {
  native: [`${folder}/bench/bench_peer`],
  node: before ? [`${before}/bench/bench_peer`] : [process.execPath, nodePeer],
};

const measure = async (kind, url, round) => {
  const room = `bench ${kind} ${round} ${process.pid}`;
  const echo = start([...kinds[kind], "echo", room, url]);
  await new Promise((resolve) => setTimeout(resolve, 1500)); // It is in the room, and idle.
  const began = process.hrtime.bigint();
  const drive = start([...kinds[kind], "drive", room, url, messages]);
  await nextLine(drive);
  const joined = Number(process.hrtime.bigint() - began) / 1e6;
  const result = JSON.parse(await nextLine(drive));
  const memory = residentMegabytes(echo);
  const cpu = processorSeconds(echo);
  echo.kill();
  return { ...result, joined, memory, cpu };
};

const figures = [
  ["round trip, p50 (µs)", "p50"],
  ["round trip, p99 (µs)", "p99"],
  ["echoes per second", "rate"],
  ["start to joined (ms)", "joined"],
  ["memory after the burst (MB)", "memory"],
  ["processor time of the echoing peer (s)", "cpu"],
];

try {
  const url = await startRelay(folder);
  const results = await inTurn(Object.keys(kinds), Number(rounds), (kind, round) =>
    measure(kind, url, round),
  );
  const title = `median of ${rounds} rounds, ${messages} messages of 80 bytes`;
  printTable(title, before ? "the other build" : "Trystero 0.25.4 in Node", figures, results);
} finally {
  stopAll();
}
