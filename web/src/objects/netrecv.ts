import { channelAskedFor, channelFault, type Message } from '../messages/message.ts';
import { channelEntry, channelField, setChannel } from './channel.ts';
import { define, type Host, type Instance } from './kind.ts';

/** Gives what comes on a channel of the room. */
class Netrecv implements Instance {
  received = 0;
  #channel = '';
  #unlisten = (): void => {};

  constructor(private readonly host: Host) {
    this.settingsChanged();
  }

  receive(message: Message): void {
    const asked = channelAskedFor(message);
    if (asked !== undefined) setChannel(this.host, asked);
  }

  settingsChanged(): void {
    const channel = String(this.host.settings['channel']);
    if (channel === this.#channel) return;
    this.#unlisten();
    this.#channel = channel;
    this.#unlisten = this.host.net.listen(channel, (message) => {
      this.received++;
      this.host.emit(message);
      this.host.changed();
    });
  }

  stop(): void {
    this.#unlisten();
  }
}

export const netrecv = define<Netrecv>({
  name: 'netrecv',
  about: 'receives from the room',
  words: 'network p2p peer in',
  inlet: true,
  outlet: true,
  defaults: { channel: 'foo' },
  fields: [{ ...channelField, fault: channelFault }],
  label: (settings) => String(settings['channel']),
  create: (host) => new Netrecv(host),
  view: (instance, host) => channelEntry(host, () => `${instance.received} received`),
});
