// The room: Trystero, its channels, and who is there.
import { joinRoom, selfId } from '@trystero-p2p/nostr';
import type { DataPayload, MessageAction, Room as TrysteroRoom } from '@trystero-p2p/nostr';
import type { SiteConfig } from '../config.ts';
import { channelFault, type Message } from '../messages/message.ts';
import type { Net } from '../objects/kind.ts';
import { Heard } from './heard.ts';
import { LocalNetwork, mayBePublic } from './localNetwork.ts';
import { Monitor } from './monitor.ts';
import { Outbox } from './outbox.ts';
import { readPath, type Path } from './paths.ts';
import { ownRelay, publicRelays, RelayKeeper, relaySockets, relayStates } from './relays.ts';
import { tappedConnection } from './tap.ts';
import type { Situation } from './trouble.ts';

type Listener = (message: Message, from: string) => void;

export interface PeerView {
  id: string;
  path: Path | undefined;
  counts: { in: number; out: number };
}

const retryAfter = 5_000; // ms from a join that failed to the next

export class Room implements Net {
  readonly monitor = new Monitor((channel) => this.#listeners.has(channel));
  readonly selfId = selfId;
  readonly ownRelay = ownRelay(location);
  roomId: string | undefined;
  #room: TrysteroRoom | undefined;
  #channels = new Map<string, MessageAction>();
  #listeners = new Map<string, Set<Listener>>();
  #peers = new Map<string, Outbox>();
  #heard = new Heard(selfId);
  #tapped = new WeakSet<WebSocket>();
  #joinedAt = 0;
  /** Why a peer was not let in. */
  #refused: string | undefined;
  /** Why there is no room although there should be one. */
  #notJoined: string | undefined;
  #isRejoining = false;
  #changed = new Set<() => void>();
  #publicRelays: string[];
  #rtcPolyfill: typeof RTCPeerConnection;
  #hasAddress = false;
  #localNetwork: LocalNetwork | undefined;

  constructor(private readonly config: SiteConfig) {
    this.#publicRelays = config.publicRelays ? publicRelays(config.appId) : [];
    this.#rtcPolyfill = tappedConnection(this.monitor, () => (this.#hasAddress = true));
    // Trystero keeps what comes on channels that nobody made here, without bound, in case somebody
    // does. So each that is heard of is made, and what nobody listens to is dropped. The monitor
    // bounds how many are heard of.
    this.monitor.onChannel((channel) => {
      this.#channel(channel);
    });
  }

  /** Called when peers come or go, or the room changes. */
  onChange(listener: () => void): void {
    this.#changed.add(listener);
  }

  /** Joins; to be called once, as another room is another page. */
  join(roomId: string): void {
    this.roomId = roomId;
    this.#enter();
    const keeper = new RelayKeeper(this.ownRelay, () => void this.#again());
    this.#localNetwork = new LocalNetwork(navigator.permissions, () => keeper.hurry());
    this.#tell();
  }

  send(channel: string, message: Message): number | undefined {
    const size = sizeOf(message);
    if (!this.#channel(channel) || size === undefined) return undefined;
    let took = 0;
    for (const outbox of this.#peers.values()) if (outbox.push(channel, message, size)) took++;
    return took > 0 || this.#peers.size === 0 ? took : undefined;
  }

  listen(channel: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    this.#channel(channel);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(channel) === listeners)
        this.#listeners.delete(channel);
    };
  }

  async peers(): Promise<PeerView[]> {
    const connections = Object.entries(this.#room?.getPeers() ?? {});
    return Promise.all(
      connections.map(async ([id, connection]) => {
        const counts = this.monitor.peers.get(connection) ?? { in: 0, out: 0 };
        return { id, path: await pathOf(connection), counts };
      }),
    );
  }

  situation(now: number): Situation {
    const states = relayStates();
    const open = (urls: string[]): number =>
      states.filter(({ url, isOpen }) => isOpen && urls.some((one) => sameRelay(one, url))).length;
    this.#listenToRelays();
    const begun = this.#heard.since(now);
    return {
      isJoined: this.#room !== undefined,
      notJoined: this.#notJoined,
      peers: this.#peers.size,
      ownRelayOpen: open([this.ownRelay]) > 0,
      publicRelays: this.#publicRelays.length,
      publicRelaysOpen: open(this.#publicRelays),
      heard: begun.length,
      heardFor: begun.length > 0 ? now - Math.min(...begun) : 0,
      since: now - this.#joinedAt,
      refused: this.#refused,
      hasAddress: this.#hasAddress,
      isLoopback: /^(localhost|127\.|\[::1\])/.test(location.hostname),
      localNetwork: mayBePublic(location) ? this.#localNetwork?.state : undefined,
    };
  }

  /** Without a room afterwards, and with the reason, when Trystero or the browser takes something amiss. */
  #enter(): void {
    this.#joinedAt = performance.now();
    this.#channels.clear();
    try {
      this.#room = this.#joinTrystero(this.roomId ?? '');
      this.#notJoined = undefined;
    } catch (error) {
      this.#room = undefined;
      this.#notJoined = error instanceof Error ? error.message : String(error);
      setTimeout(() => void this.#again(), retryAfter);
      return;
    }
    this.#room.onPeerJoin = (id) => {
      this.#peers.get(id)?.close();
      const deliver = (channel: string, message: Message) => this.#deliver(id, channel, message);
      this.#peers.set(id, new Outbox(deliver));
      this.#heard.forget(id);
      this.#refused = undefined;
      this.#tell();
    };
    this.#room.onPeerLeave = (id) => {
      this.#peers.get(id)?.close();
      this.#peers.delete(id);
      this.#heard.forget(id);
      this.#tell();
    };
    for (const channel of [...this.#listeners.keys(), ...this.monitor.channels.keys()])
      this.#channel(channel);
  }

  #joinTrystero(roomId: string): TrysteroRoom {
    const { appId, iceServers } = this.config;
    const rtcConfig = iceServers && {
      iceServers: iceServers.map((urls) => ({ urls })),
    };
    return joinRoom(
      {
        appId,
        relayConfig: {
          urls: [this.ownRelay, ...this.#publicRelays],
          manualReconnection: true,
          warnOnRelayFailure: false,
        },
        rtcPolyfill: this.#rtcPolyfill,
        ...(rtcConfig ? { rtcConfig } : {}),
      },
      roomId,
      {
        onJoinError: ({ error }) => {
          // No refusal: nothing came through between the two. What is known of that, we say ourselves.
          if (error.includes('after exchanging SDP')) return;
          this.#refused = error;
          this.#tell();
        },
      },
    );
  }

  /**
   * A relay is back. Steady peers announce themselves once a minute only; when nobody is here,
   * joining anew makes them find each other at once.
   */
  async #again(): Promise<void> {
    if (this.#peers.size > 0 || this.#isRejoining) return;
    this.#isRejoining = true;
    // Leaving says goodbye, which fails when a peer that was about to come in is gone without a word.
    // Trystero is still in the room then, and joining gives that room.
    await this.#room?.leave().catch(() => {});
    this.#isRejoining = false;
    // Who came meanwhile is met anew; of those a room that is left tells nothing.
    for (const outbox of this.#peers.values()) outbox.close();
    this.#peers.clear();
    this.#enter();
    this.#tell();
  }

  /** Trystero gives up on a peer that takes nothing for 10 s, without a word but for the progress. */
  async #deliver(peer: string, channel: string, message: Message): Promise<boolean> {
    let progress = 0;
    await this.#channel(channel)?.send(message as DataPayload, {
      target: peer,
      onProgress: (now) => (progress = now),
    });
    return progress === 1;
  }

  #channel(name: string): MessageAction | undefined {
    const known = this.#channels.get(name);
    if (known || !this.#room || channelFault(name)) return known;
    const action = this.#room.makeAction<DataPayload>(name, {
      onMessage: (data, { peerId }) => {
        for (const listener of [...(this.#listeners.get(name) ?? [])])
          listener(data as Message, peerId);
      },
    });
    this.#channels.set(name, action);
    return action;
  }

  /** Sockets are replaced when a relay is tried again. */
  #listenToRelays(): void {
    for (const socket of relaySockets()) {
      if (this.#tapped.has(socket)) continue;
      this.#tapped.add(socket);
      socket.addEventListener('message', ({ data }) => {
        this.#heard.note(String(data), performance.now());
      });
    }
  }

  #tell(): void {
    for (const listener of this.#changed) listener();
  }
}

/** Undefined while it is not known, or no more. */
async function pathOf(connection: RTCPeerConnection): Promise<Path | undefined> {
  try {
    const stats = await connection.getStats();
    return readPath(stats as unknown as Map<string, Record<string, unknown>>);
  } catch {
    return undefined;
  }
}

const sameRelay = (a: string, b: string): boolean => a.replace(/\/$/, '') === b.replace(/\/$/, '');

/** Bytes, about; undefined for what cannot be written as JSON. */
function sizeOf(message: Message): number | undefined {
  if (message instanceof Uint8Array || typeof message === 'string') return message.length;
  try {
    return JSON.stringify(message).length;
  } catch {
    return undefined; // arrays in arrays, by the thousand
  }
}
