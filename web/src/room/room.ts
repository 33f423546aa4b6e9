// The room: Trystero, its channels, and who is there.
import { joinRoom, selfId } from '@trystero-p2p/nostr';
import type { DataPayload, MessageAction, Room as TrysteroRoom } from '@trystero-p2p/nostr';
import type { SiteConfig } from '../config.ts';
import { channelFault, type Message } from '../messages/message.ts';
import type { Net } from '../objects/kind.ts';
import { Monitor } from './monitor.ts';
import { readPath, type Path } from './paths.ts';
import { ownRelay, publicRelays, RelayKeeper, relayStates } from './relays.ts';
import { tappedConnection } from './tap.ts';
import type { Situation } from './trouble.ts';

type Listener = (message: Message, from: string) => void;

export interface PeerView {
  id: string;
  path: Path | undefined;
  counts: { in: number; out: number };
}

interface Channel {
  action: MessageAction;
  /** Messages that Trystero has not yet handed to all peers. */
  pending: number;
}

const mostPending = 64; // messages a channel that wait for a slow peer; further ones are left out
const mostChannels = 200; // channels that are listened on because somebody speaks on them
const mostAttempts = 200; // connections that are looked at for being heard of

export class Room implements Net {
  readonly monitor = new Monitor();
  readonly selfId = selfId;
  readonly ownRelay = ownRelay(location);
  roomId: string | undefined;
  #room: TrysteroRoom | undefined;
  #channels = new Map<string, Channel>();
  #listeners = new Map<string, Set<Listener>>();
  #peers = new Set<string>();
  #attempts = new Map<RTCPeerConnection, number>();
  #joinedAt = 0;
  #joinError: string | undefined;
  #changed = new Set<() => void>();
  #publicRelays: string[];
  #rtcPolyfill: typeof RTCPeerConnection;

  constructor(private readonly config: SiteConfig) {
    this.#publicRelays = config.publicRelays ? publicRelays(config.appId) : [];
    this.#rtcPolyfill = tappedConnection(this.monitor, (connection) => this.#watch(connection));
    // Trystero keeps what comes on channels that nobody made here, without bound, in case somebody
    // does. So each that is heard of is made, and what nobody listens to is dropped.
    this.monitor.onChannel((channel) => {
      if (this.#channels.size < mostChannels && !channelFault(channel)) this.#channel(channel);
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

  async leave(): Promise<void> {
    await this.#room?.leave();
  }

  send(channel: string, message: Message): boolean {
    const made = this.#channel(channel);
    if (!made || made.pending >= mostPending) return false;
    made.pending++;
    void made.action
      .send(message as DataPayload)
      .catch(() => {}) // the peer left meanwhile
      .finally(() => made.pending--);
    return true;
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
    const begun = this.#openAttempts();
    return {
      isJoined: this.#room !== undefined,
      peers: this.#peers.size,
      ownRelayOpen: open([this.ownRelay]) > 0,
      publicRelays: this.#publicRelays.length,
      publicRelaysOpen: open(this.#publicRelays),
      attempts: begun.length,
      attemptFor: begun.length > 0 ? now - Math.min(...begun) : 0,
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
      this.#peers.add(id);
      this.#joinError = undefined;
      this.#tell();
    };
    this.#room.onPeerLeave = (id) => {
      this.#peers.delete(id);
      this.#tell();
    };
    for (const channel of this.#listeners.keys()) this.#channel(channel);
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

  #channel(name: string): Channel | undefined {
    const known = this.#channels.get(name);
    if (known || !this.#room || channelFault(name)) return known;
    const action = this.#room.makeAction<DataPayload>(name, {
      onMessage: (data, { peerId }) => {
        for (const listener of [...(this.#listeners.get(name) ?? [])])
          listener(data as Message, peerId);
      },
    });
    const made = { action, pending: 0 };
    this.#channels.set(name, made);
    return made;
  }

  #watch(connection: RTCPeerConnection): void {
    if (this.#attempts.size >= mostAttempts) {
      const [oldest] = this.#attempts.keys();
      if (oldest) this.#attempts.delete(oldest);
    }
    this.#attempts.set(connection, Infinity);
    connection.addEventListener('signalingstatechange', () => {
      // An offer of a pool has no other side yet; a remote description is a peer that was heard.
      if (connection.remoteDescription && this.#attempts.get(connection) === Infinity)
        this.#attempts.set(connection, performance.now());
    });
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'connected') this.#attempts.delete(connection);
    });
  }

  /** When each began that was heard of and is not connected. */
  #openAttempts(): number[] {
    // Trystero closes what failed; for a while after, it is still worth telling.
    const forgotten = performance.now() - 60_000;
    for (const [connection, begun] of this.#attempts)
      if (connection.connectionState === 'closed' && !(begun > forgotten && begun < Infinity))
        this.#attempts.delete(connection);
    return [...this.#attempts.values()].filter((begun) => begun < Infinity);
  }

  #tell(): void {
    for (const listener of this.#changed) listener();
  }
}

const sameRelay = (a: string, b: string): boolean => a.replace(/\/$/, '') === b.replace(/\/$/, '');
