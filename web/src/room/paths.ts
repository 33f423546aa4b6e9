// How a peer is reached, from what the browser says about its connection.

export interface Path {
  /** Candidate types: host, srflx, prflx or relay. */
  local: string;
  remote: string;
  protocol: string;
  /** Address and port of the other side, where the browser tells. */
  address: string | undefined;
  /** Round trip in ms; undefined until it was measured. */
  roundTrip: number | undefined;
}

type Stat = Record<string, unknown>;

export function readPath(stats: Iterable<[string, Stat]>): Path | undefined {
  const all = new Map(stats);
  const pair = [...all.values()].find(
    (stat) =>
      stat['type'] === 'candidate-pair' &&
      stat['nominated'] === true &&
      stat['state'] === 'succeeded',
  );
  const local = all.get(String(pair?.['localCandidateId']));
  const remote = all.get(String(pair?.['remoteCandidateId']));
  if (!pair || !local || !remote) return undefined;
  const roundTrip = pair['currentRoundTripTime'];
  const address = remote['address'];
  return {
    local: String(local['candidateType']),
    remote: String(remote['candidateType']),
    protocol: String(local['protocol']),
    address:
      typeof address === 'string' && address !== '' ? hostPort(address, remote['port']) : undefined,
    roundTrip: typeof roundTrip === 'number' ? roundTrip * 1000 : undefined,
  };
}

function hostPort(address: string, port: unknown): string {
  return address.includes(':') ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}

/** In words: who sees the path should know what it means. */
export function describePath({ local, remote }: Path): string {
  if (local === 'relay' || remote === 'relay') return 'through a TURN server';
  if (local === 'srflx' || remote === 'srflx') return 'direct, through a NAT';
  return 'direct';
}
