// Why nobody comes, in words: what is the case, and what to do.

export interface Situation {
  isJoined: boolean;
  /** Why there is no room although the link names one. */
  notJoined: string | undefined;
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
  refused: string | undefined;
  /** Whether the browser found an address of this device that peers could reach. */
  hasAddress: boolean;
  isLoopback: boolean;
  /** What the browser was told of this page's wish to reach the local network, if it asks for that. */
  localNetwork: 'asked' | 'denied' | undefined;
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
  if (situation.notJoined !== undefined)
    return {
      state: 'trouble',
      title: 'The room cannot be joined',
      detail: `The browser or Trystero refuses: ${situation.notJoined}`,
    };
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
  if (situation.refused !== undefined)
    return { state: 'trouble', title: 'A peer was refused', detail: situation.refused };
  if (!anyRelay && since < settling)
    return { state: 'waiting', title: 'Joining', detail: 'Asking the relay for peers.' };
  if (!anyRelay)
    return {
      state: 'trouble',
      title: 'The relay does not answer',
      detail: [
        'Peers find each other through the program that serves this page. Is roomwire web still running, and is this device still on its network? It is asked again by itself.',
        ...localNetworkDetail(situation),
      ].join(' '),
    };
  if (heard > 0 && situation.heardFor > slow && !situation.hasAddress)
    return { state: 'trouble', title: 'This browser gives no address', detail: noAddressDetail };
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

const noAddressDetail =
  'Somebody is in the room, but the browser names no address of this device at which they could reach it. A setting or an add-on may forbid that. Firefox names none on a network without a gateway when the page was opened by 127.0.0.1 or localhost: open it by the address of this machine.';

/** Chromium asks before a page from the internet reaches the local network. */
function localNetworkDetail({ localNetwork, ownRelayOpen }: Situation): string[] {
  if (ownRelayOpen || localNetwork === undefined) return [];
  const why = 'This page comes from the internet, and its relay may be on the local network.';
  const what =
    localNetwork === 'asked'
      ? 'If the browser asks whether the page may reach devices there, allow it.'
      : 'The browser was told not to let it reach devices there; the settings of the site, beside the address, can allow it.';
  return [why, what, 'Peers that are met by a public relay need no such leave.'];
}

function nobodyDetail(situation: Situation): string {
  const { isLoopback, publicRelays, publicRelaysOpen } = situation;
  const parts = [
    'The relay answers, and nobody else is in this room. Share the link: the others need the same room.',
  ];
  if (isLoopback)
    parts.push('This page is served to this machine alone; --listen 0.0.0.0:PORT lets others in.');
  parts.push(...localNetworkDetail(situation));
  if (publicRelays > 0 && publicRelaysOpen === 0)
    parts.push('No public relay answers, so those on the internet are not found.');
  return parts.join(' ');
}
