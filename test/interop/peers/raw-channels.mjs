// A peer connection that lets the tests reach below Trystero: to its data channel, to send what
// no Trystero peer would, and to its connection, to break it.
import { bytesFromHex } from './payload.mjs';

export class RawChannels {
  /**
   * @param mendRemoteDescription makes remoteDescription null until there is one, as the standard
   *   says. node-datachannel's never is null, so Trystero hands it candidates that came before
   *   the answer, that throws, and Trystero gives the offer up: meet.mjs shows the difference.
   */
  constructor(Base, mendRemoteDescription = false) {
    const channels = new WeakMap();
    this.channels = channels;
    this.PeerConnection = class extends Base {
      constructor(...rest) {
        super(...rest);
        this.addEventListener('datachannel', ({ channel }) => channels.set(this, channel));
      }
      get remoteDescription() {
        const description = super.remoteDescription;
        return mendRemoteDescription && !description?.sdp ? null : description;
      }
      // What a failed test wants to know: how far the connection came.
      async setRemoteDescription(description) {
        const tell = (what) =>
          console.log(
            `${what}: ${this.signalingState} ${this.iceConnectionState} ${this.connectionState}`,
          );
        tell(`got ${description.type}`);
        for (const event of ['iceconnectionstatechange', 'connectionstatechange']) {
          this.addEventListener(event, () => tell(event));
        }
        return super.setRemoteDescription(description);
      }
      async addIceCandidate(candidate) {
        console.log(`got ${candidate.candidate}`);
        return super.addIceCandidate(candidate);
      }
      createDataChannel(...rest) {
        const channel = super.createDataChannel(...rest);
        channels.set(this, channel);
        return channel;
      }
    };
  }

  #channel(control, { roomId, peer }) {
    return this.channels.get(control.rooms.get(roomId).room.getPeers()[peer]);
  }

  get commands() {
    return {
      // Sends each frame `times` times, keeping to the channel's back-pressure, so that a flood is
      // one of the receiver and not of this process.
      raw: async ({ frames, times = 1, ...where }, control) => {
        const channel = this.#channel(control, where);
        const makers = frames.map(frameMaker);
        let sent = 0;
        for (let round = 0; round < times; round++) {
          for (const make of makers) {
            if (channel.readyState !== 'open') return { sent, state: channel.readyState };
            channel.send(make(round));
            sent++;
          }
          while (channel.bufferedAmount > 1 << 20 && channel.readyState === 'open')
            await nextTurn();
        }
        return { sent, state: channel.readyState };
      },
      state: (where, control) => ({ state: this.#channel(control, where)?.readyState ?? 'none' }),
      closeChannel: (where, control) => void this.#channel(control, where).close(),
      closeConnection: (where, control) =>
        void control.rooms.get(where.roomId).room.getPeers()[where.peer].close(),
    };
  }
}

/**
 * {text}: a text message. {hex, pad?, digitsAt?, u16At?}: bytes, filled up to `pad` with zeros, the
 * number of the round written into them as 8 digits or as two bytes.
 */
function frameMaker({ text, hex, pad = 0, digitsAt, u16At }) {
  if (text !== undefined) return () => text;
  const fixed = bytesFromHex(hex);
  const bytes = new Uint8Array(Math.max(fixed.length, pad));
  bytes.set(fixed);
  return (round) => {
    if (digitsAt !== undefined)
      bytes.set(new TextEncoder().encode(String(round).padStart(8, '0')), digitsAt);
    if (u16At !== undefined) bytes.set([(round >> 8) & 255, round & 255], u16At);
    return bytes;
  };
}

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 1));
