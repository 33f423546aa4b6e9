// Listens on the data channels that Trystero opens. Trystero tells only of actions that somebody made
// here; a monitor wants to see all.
import type { Monitor } from './monitor.ts';

/** A class to hand to Trystero as `rtcPolyfill`; `onAddress` hears that this device can be reached. */
export function tappedConnection(
  monitor: Monitor,
  onAddress: () => void,
): typeof RTCPeerConnection {
  return class Tapped extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('icecandidate', ({ candidate }) => {
        if (/ udp /i.test(candidate?.candidate ?? '')) onAddress();
      });
      this.addEventListener('datachannel', ({ channel }) => tap(monitor, this, channel));
    }

    override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
      const channel = super.createDataChannel(label, options);
      tap(monitor, this, channel);
      return channel;
    }
  };
}

function tap(monitor: Monitor, peer: RTCPeerConnection, channel: RTCDataChannel): void {
  channel.addEventListener('message', (event) => {
    const { data } = event;
    if (!(data instanceof ArrayBuffer) || monitor.frame(peer, 'in', new Uint8Array(data))) return;
    // A peer that makes up channel names: Trystero would keep each message for ever, or trip over it.
    event.stopImmediatePropagation();
  });
  // When a peer goes without a word its channel fails before it closes. Trystero would write that on
  // the console; the close that follows tells it all it needs.
  channel.addEventListener('error', (event) => event.stopImmediatePropagation());
  const send = channel.send.bind(channel) as (data: ArrayBufferView<ArrayBuffer>) => void;
  channel.send = (data: unknown) => {
    if (data instanceof Uint8Array) monitor.frame(peer, 'out', data);
    send(data as ArrayBufferView<ArrayBuffer>);
  };
}
