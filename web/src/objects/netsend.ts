import { channelAskedFor, channelFault, type Message } from '../messages/message.ts';
import { channelEntry, channelField, setChannel } from './channel.ts';
import { define, type Host, type Instance } from './kind.ts';

/** Sends what comes in to everybody in the room. */
class Netsend implements Instance {
  #sent = 0;
  #failed = 0;
  #isAlone = false;

  constructor(private readonly host: Host) {}

  receive(message: Message): void {
    const asked = channelAskedFor(message);
    if (asked !== undefined) return setChannel(this.host, asked);
    const peers = this.host.net.send(String(this.host.settings['channel']), message);
    if (peers === undefined) this.#failed++;
    else if (peers > 0) this.#sent++;
    this.#isAlone = peers === 0;
    this.host.changed();
  }

  count(): string {
    if (this.#isAlone) return 'nobody here';
    return this.#failed > 0 ? `${this.#sent} sent, ${this.#failed} not` : `${this.#sent} sent`;
  }
}

export const netsend = define<Netsend>({
  name: 'netsend',
  about: 'sends to the room',
  words: 'network p2p peer out',
  inlet: true,
  outlet: false,
  defaults: { channel: 'foo' },
  fields: [{ ...channelField, fault: channelFault }],
  label: (settings) => String(settings['channel']),
  create: (host) => new Netsend(host),
  view: (instance, host) => channelEntry(host, () => instance.count()),
});
