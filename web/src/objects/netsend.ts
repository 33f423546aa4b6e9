import { channelAskedFor, channelFault, type Message } from '../messages/message.ts';
import { channelEntry, channelField, setChannel } from './channel.ts';
import { define, type Host, type Instance } from './kind.ts';

/** Sends what comes in to everybody in the room. */
class Netsend implements Instance {
  sent = 0;
  failed = 0;

  constructor(private readonly host: Host) {}

  receive(message: Message): void {
    const asked = channelAskedFor(message);
    if (asked !== undefined) return setChannel(this.host, asked);
    if (this.host.net.send(String(this.host.settings['channel']), message)) this.sent++;
    else this.failed++;
    this.host.changed();
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
  view: (instance, host) =>
    channelEntry(host, () =>
      instance.failed > 0
        ? `${instance.sent} sent, ${instance.failed} not`
        : `${instance.sent} sent`,
    ),
});
