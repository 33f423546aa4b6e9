// Measures a pair of native peers beside a pair of Node peers: same relay, same messages, in turn.
//   node bench/run.mjs BUILD-FOLDER [ROUNDS] [MESSAGES]
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const [folder, rounds = "5", messages = "100000"] = process.argv.slice(2);
const nodePeer = fileURLToPath(new URL("peer.mjs", import.meta.url));
const kinds = {
  native: [`${folder}/bench/bench_peer`],
  node: [process.execPath, nodePeer],
};
const children = new Set();

const start = ([command, ...args]) => {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  child.on("exit", () => children.delete(child));
  child.stderr.resume();
  child.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return child;
};

const nextLine = async (child, limit = 120_000) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), limit);
  });
  const { value, done } = await Promise.race([child.lines.next(), late]);
  clearTimeout(timer);
  if (done) throw new Error("a peer ended early");
  return value;
};

const residentMegabytes = (child) => {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]) / 1024;
};

const processorSeconds = (child) => {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

const startRelay = async () => {
  const relay = spawn(`${folder}/roomwire`, ["relay", "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  children.add(relay);
  for await (const line of createInterface({ input: relay.stderr })) {
    const url = /ws:\/\/127\.0\.0\.1:\d+/.exec(line);
    if (url) return { relay, url: url[0] };
  }
  throw new Error("the relay did not start");
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

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const figures = [
  ["round trip, p50 (µs)", "p50"],
  ["round trip, p99 (µs)", "p99"],
  ["echoes per second", "rate"],
  ["start to joined (ms)", "joined"],
  ["memory after the burst (MB)", "memory"],
  ["processor time of the echoing peer (s)", "cpu"],
];

try {
  const { url } = await startRelay();
  const results = { native: [], node: [] };
  for (let round = 0; round < Number(rounds); ++round) {
    for (const kind of Object.keys(kinds)) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${kind}\n`);
      results[kind].push(await measure(kind, url, round));
    }
  }
  console.log(`| median of ${rounds} rounds, ${messages} messages of 80 bytes | roomwire | Trystero 0.25.4 in Node | ratio |`);
  console.log("| --- | --- | --- | --- |");
  for (const [name, key] of figures) {
    const [ours, theirs] = ["native", "node"].map((kind) => median(results[kind].map((r) => r[key])));
    const round = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));
    console.log(`| ${name} | ${round(ours)} | ${round(theirs)} | ${(ours / theirs).toFixed(3)} |`);
  }
} finally {
  for (const child of children) child.kill("SIGKILL");
}
