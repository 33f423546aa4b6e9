// The room: Trystero, its channels, and who is there.
import { joinRoom, selfId } from '@trystero-p2p/nostr';
import type { DataPayload, MessageAction, Room as TrysteroRoom } from '@trystero-p2p/nostr';
import type { SiteConfig } from '../config.ts';
import { channelFault, type Message } from '../messages/message.ts';
import type { Net } from '../objects/kind.ts';
import { Heard } from './heard.ts';
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
  #joinError: string | undefined;
  #changed = new Set<() => void>();
  #publicRelays: string[];
  #rtcPolyfill: typeof RTCPeerConnection;

  constructor(private readonly config: SiteConfig) {
    this.#publicRelays = config.publicRelays ? publicRelays(config.appId) : [];
    this.#rtcPolyfill = tappedConnection(this.monitor);
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
    new RelayKeeper(this.ownRelay, () => void this.#again());
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
        const stats = (await connection.getStats()) as unknown as Map<
          string,
          Record<string, unknown>
        >;
        const counts = this.monitor.peers.get(connection) ?? { in: 0, out: 0 };
        return { id, path: readPath(stats), counts };
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
      peers: this.#peers.size,
      ownRelayOpen: open([this.ownRelay]) > 0,
      publicRelays: this.#publicRelays.length,
      publicRelaysOpen: open(this.#publicRelays),
      heard: begun.length,
      heardFor: begun.length > 0 ? now - Math.min(...begun) : 0,
      since: now - this.#joinedAt,
      joinError: this.#joinError,
      isLoopback: /^(localhost|127\.|\[::1\])/.test(location.hostname),
    };
  }

  #enter(): void {
    const { appId, iceServers } = this.config;
    const rtcConfig = iceServers && {
      iceServers: iceServers.map((urls) => ({ urls })),
    };
    this.#joinedAt = performance.now();
    this.#room = joinRoom(
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
      this.roomId ?? '',
      {
        onJoinError: ({ error }) => {
          this.#joinError = error;
          this.#tell();
        },
      },
    );
    this.#room.onPeerJoin = (id) => {
      this.#peers.get(id)?.close();
      const deliver = (channel: string, message: Message) => this.#deliver(id, channel, message);
      this.#peers.set(id, new Outbox(deliver));
      this.#heard.forget(id);
      this.#joinError = undefined;
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

  /**
   * A relay is back. Steady peers announce themselves once a minute only; when nobody is here,
   * joining anew makes them find each other at once.
   */
  async #again(): Promise<void> {
    if (this.#peers.size > 0 || !this.#room) return;
    const old = this.#room;
    this.#room = undefined;
    this.#channels.clear();
    await old.leave();
    this.#enter();
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
