// Why nobody comes, in words: what is the case, and what to do.

export interface Situation {
  isJoined: boolean;
  peers: number;
  ownRelayOpen: boolean;
  publicRelays: number;
  publicRelaysOpen: number;
  /** Peers that are heard on a relay and not connected, and for how long the longest, in ms. */
  heard: number;
  heardFor: number;
  /** ms since the room was joined. */
  since: number;
  /** What Trystero says when a peer could not be let in. */
  joinError: string | undefined;
  isLoopback: boolean;
}

export interface Report {
  state: 'idle' | 'waiting' | 'met' | 'trouble';
  title: string;
  detail: string;
}

const settling = 3_000; // ms; a relay that answers does so sooner
const slow = 8_000; // ms; connections that come about do so sooner

export function report(situation: Situation): Report {
  const { isJoined, peers, ownRelayOpen, publicRelaysOpen, heard, since } = situation;
  if (!isJoined)
    return {
      state: 'idle',
      title: 'No room yet',
      detail: 'Add a netsend or netrecv object, or set a room, to be in one.',
    };
  const anyRelay = ownRelayOpen || publicRelaysOpen > 0;
  if (peers > 0)
    return {
      state: 'met',
      title: peers === 1 ? '1 peer' : `${peers} peers`,
      detail: ownRelayOpen
        ? ''
        : 'The relay of this page does not answer; those who are here stay connected.',
    };
  if (situation.joinError !== undefined)
    return { state: 'trouble', title: 'A peer was refused', detail: situation.joinError };
  if (!anyRelay && since < settling)
    return { state: 'waiting', title: 'Joining', detail: 'Asking the relay for peers.' };
  if (!anyRelay)
    return {
      state: 'trouble',
      title: 'The relay does not answer',
      detail:
        'Peers find each other through the program that serves this page. Is roomwire web still running, and is this device still on its network? It is asked again by itself.',
    };
  if (heard > 0 && situation.heardFor > slow)
    return {
      state: 'trouble',
      title: 'A peer is heard, but not reached',
      detail:
        'The relay works and somebody is in the room, but the direct connection does not come about. A firewall, or a Wi-Fi that keeps its clients apart, is in between.',
    };
  if (heard > 0)
    return { state: 'waiting', title: 'Connecting', detail: 'A peer was heard; connecting to it.' };
  return { state: 'waiting', title: 'Nobody else yet', detail: nobodyDetail(situation) };
}

function nobodyDetail({ isLoopback, publicRelays, publicRelaysOpen }: Situation): string {
  const parts = [
    'The relay answers, and nobody else is in this room. Share the link: the others need the same room.',
  ];
  if (isLoopback)
    parts.push('This page is served to this machine alone; --listen 0.0.0.0:PORT lets others in.');
  if (publicRelays > 0 && publicRelaysOpen === 0)
    parts.push('No public relay answers, so those on the internet are not found.');
  return parts.join(' ');
}
