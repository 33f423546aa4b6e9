// Takes TCP connections on 127.0.0.1 and hands them on to a Unix socket, which other networks of
// the same machine reach:
//   node tcp-tunnel.mjs PORT PATH
import { connect, createServer } from 'node:net';

const [port, path] = process.argv.slice(2);
const server = createServer((one) => {
  const other = connect(path);
  for (const end of [one, other]) end.on('error', () => end.destroy());
  one.pipe(other).pipe(one);
});
server.listen(Number(port), '127.0.0.1', () => console.log('open'));
process.stdin.on('close', () => process.exit(0)).resume();
