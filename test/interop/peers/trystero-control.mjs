// Drives one real Trystero peer by commands and reports by events. Runs in Node and in the page.
// Both Trystero APIs (0.23's tuples, 0.25's objects) are brought to one shape here.
import { decodePayload, describePayload } from './payload.mjs';

/** Sums up progress calls, so that 5 MB do not become hundreds of events. */
function progressSummary() {
  const summary = { count: 0, last: 0, rising: true };
  return {
    summary,
    note(fraction, metadata) {
      summary.rising &&= fraction >= summary.last;
      summary.last = fraction;
      summary.count++;
      if (metadata !== undefined) summary.metadata = JSON.stringify(metadata);
    },
  };
}

function makeAction23(room, name) {
  const [send, onMessage, onProgress] = room.makeAction(name);
  return {
    send: (data, { to, metadata, onProgress: progress }) =>
      send(data, to, metadata, progress && ((f, peer, meta) => progress(f, meta))),
    onMessage: (handler) => onMessage(handler),
    onProgress: (handler) => onProgress(handler),
  };
}

function makeAction25(room, name, kind) {
  const action = room.makeAction(name, kind === 'request' ? { kind } : undefined);
  return {
    send: (data, { to, metadata, onProgress }) =>
      action.send(data, {
        ...(to ? { target: to } : {}),
        ...(metadata === undefined ? {} : { metadata }),
        ...(onProgress ? { onProgress: (f, context) => onProgress(f, context.metadata) } : {}),
      }),
    request: (data, options) => action.request(data, options),
    onMessage: (handler) =>
      (action.onMessage = (data, { peerId, metadata }) => handler(data, peerId, metadata)),
    onProgress: (handler) =>
      (action.onReceiveProgress = (f, { peerId, metadata }) => handler(f, peerId, metadata)),
    onRequest: (handler) => (action.onRequest = handler),
  };
}

/** Reports every relay connection that opens or ends. Call it before Trystero is imported. */
export function watchSockets(emit) {
  globalThis.WebSocket = class extends globalThis.WebSocket {
    constructor(...rest) {
      super(...rest);
      this.addEventListener('open', () => emit({ event: 'relay', up: true }));
      this.addEventListener('close', () => emit({ event: 'relay', up: false }));
    }
  };
}

class Room {
  constructor(control, roomId, room) {
    this.control = control;
    this.roomId = roomId;
    this.room = room;
    this.actions = new Map();
    const on = (name, event) => {
      const handler = (peer) => control.emit({ event, roomId, peer });
      if (control.is23) room[name](handler);
      else room[name] = handler;
    };
    on('onPeerJoin', 'join');
    on('onPeerLeave', 'leave');
  }

  action({ action: name, kind = 'message', respond }) {
    if (this.actions.has(name)) return this.actions.get(name);
    const action = (this.control.is23 ? makeAction23 : makeAction25)(this.room, name, kind);
    this.actions.set(name, action);
    const base = { roomId: this.roomId, action: name };
    const { emit } = this.control;
    if (kind === 'request') {
      action.onRequest((data, { peerId, metadata }) => {
        emit({
          event: 'request',
          ...base,
          peer: peerId,
          payload: describePayload(data),
          metadata: text(metadata),
        });
        if (respond === 'fail') throw new Error('no such thing');
        return respond === 'silent' ? new Promise(() => {}) : data;
      });
      return action;
    }
    const progress = new Map(); // peer → summary
    action.onProgress((fraction, peer, metadata) => {
      if (!progress.has(peer)) progress.set(peer, progressSummary());
      progress.get(peer).note(fraction, metadata);
    });
    action.onMessage((data, peer, metadata) => {
      const event = {
        event: 'message',
        ...base,
        peer,
        payload: describePayload(data),
        metadata: text(metadata),
      };
      const seen = progress.get(peer)?.summary;
      progress.delete(peer);
      emit(seen ? { ...event, progress: seen } : event);
    });
    return action;
  }
}

const text = (value) => (value === undefined ? undefined : JSON.stringify(value));
const parsed = (jsonText) => (jsonText === undefined ? undefined : JSON.parse(jsonText));

/**
 * @param version '0.23.0' or '0.25.4'
 * @param strategies {nostr: joinRoom, ws?: joinRoom}
 * @param rtc {rtcPolyfill?} handed to Trystero
 */
export function createControl({ version, strategies, selfId, rtc = {}, emit, extra = {} }) {
  const control = { is23: version.startsWith('0.23'), emit, rooms: new Map(), config: null };

  const joinConfig = (password) => {
    const urls = control.config.relays.map((relay) => relay.url);
    return {
      appId: control.config.appId,
      ...(password ? { password } : {}),
      ...(control.is23
        ? { relayUrls: urls }
        : { relayConfig: { urls, warnOnRelayFailure: false } }),
      rtcConfig: { iceServers: [] },
      ...rtc,
    };
  };

  const commands = {
    open: (config) => {
      control.config = config;
      return { selfId };
    },
    join: ({ roomId, password, passive, handshakeMs }) => {
      const joinRoom = strategies[control.config.relays[0].kind];
      const onJoinError = (details) =>
        emit({ event: 'joinError', roomId, peer: details.peerId, error: details.error });
      const callbacks = {
        onJoinError,
        ...(handshakeMs ? { handshakeTimeoutMs: handshakeMs } : {}),
      };
      const config = { ...joinConfig(password), ...(passive ? { passive } : {}) };
      control.rooms.set(roomId, new Room(control, roomId, joinRoom(config, roomId, callbacks)));
    },
    leave: async ({ roomId }) => {
      await control.rooms.get(roomId).room.leave();
      control.rooms.delete(roomId);
    },
    action: (command) => void control.rooms.get(command.roomId).action(command),
    send: async ({ roomId, action, payload, metadata, to, progress, kind }) => {
      const summary = progressSummary();
      await control.rooms
        .get(roomId)
        .action({ action, kind })
        .send(decodePayload(payload), {
          to,
          metadata: parsed(metadata),
          onProgress: progress ? (fraction, meta) => summary.note(fraction, meta) : undefined,
        });
      return progress ? { progress: summary.summary } : {};
    },
    request: async ({ roomId, action, payload, metadata, to, timeout }) => {
      const options = { target: to, timeoutMs: timeout ?? 60_000 };
      if (metadata !== undefined) options.metadata = parsed(metadata);
      const found = control.rooms.get(roomId).action({ action, kind: 'request' });
      try {
        return { payload: describePayload(await found.request(decodePayload(payload), options)) };
      } catch (error) {
        return { failed: error.kind ?? 'error', message: error.message };
      }
    },
    ping: async ({ roomId, peer }) => ({ ms: await control.rooms.get(roomId).room.ping(peer) }),
    peers: ({ roomId }) => ({
      peers: Object.keys(control.rooms.get(roomId).room.getPeers()).sort(),
    }),
    remoteDescription: ({ roomId, peer }) => ({
      sdp: control.rooms.get(roomId).room.getPeers()[peer].remoteDescription.sdp,
    }),
    ...Object.fromEntries(
      Object.entries(extra).map(([name, run]) => [name, (command) => run(command, control)]),
    ),
  };

  return async (command) => {
    try {
      return { re: command.id, ok: true, ...(await commands[command.cmd](command)) };
    } catch (error) {
      return { re: command.id, ok: false, error: String(error?.message ?? error) };
    }
  };
}
