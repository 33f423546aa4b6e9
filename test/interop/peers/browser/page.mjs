// The page's end of the control protocol: globalThis.peerCommand in, globalThis.peerEvent out.
import { bulkCommands } from '../bulk.mjs';
import { createControl } from '../trystero-control.mjs';

/** A moving picture, as a camera would give it, and a tone. */
function makeStream() {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  let hue = 0;
  setInterval(() => {
    context.fillStyle = `hsl(${(hue += 7)} 80% 50%)`;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }, 50);
  const stream = canvas.captureStream(10);
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const target = audio.createMediaStreamDestination();
  tone.connect(target);
  tone.start();
  target.stream.getAudioTracks().forEach((track) => stream.addTrack(track));
  return stream;
}

/** Resolves when the exchange that a change of media begins is over. */
function renegotiated(connection) {
  return new Promise((resolve) => {
    let offered = false;
    connection.addEventListener('signalingstatechange', function look() {
      offered ||= connection.signalingState === 'have-local-offer';
      if (!offered || connection.signalingState !== 'stable') return;
      connection.removeEventListener('signalingstatechange', look);
      resolve();
    });
  });
}

const connectionsOf = (room) => Object.values(room.getPeers());
let stream;
const extra = {
  addStream: async ({ roomId }, control) => {
    stream = makeStream();
    const { room } = control.rooms.get(roomId);
    const done = Promise.all(connectionsOf(room).map(renegotiated));
    room.addStream(stream);
    await done;
  },
  // Where the media was refused nothing is left to negotiate, so nothing is waited for.
  removeStream: ({ roomId }, control) => control.rooms.get(roomId).room.removeStream(stream),
  /** What the browser thinks of the media sections: direction agreed for each. */
  media: ({ roomId, peer }, control) => {
    const connection = control.rooms.get(roomId).room.getPeers()[peer];
    return {
      signaling: connection.signalingState,
      ice: connection.iceConnectionState,
      directions: connection.getTransceivers().map((t) => t.currentDirection),
      remote: connection.currentRemoteDescription?.sdp ?? '',
    };
  },
};

export function startPage({ version, strategies, selfId }) {
  const emit = (event) => globalThis.peerEvent(event);
  const run = createControl({ version, strategies, selfId, emit, extra: { ...bulkCommands, ...extra } });
  globalThis.peerCommand = async (command) => emit(await run(command));
}
