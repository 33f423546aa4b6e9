import type { Message } from '../messages/message.ts';
import { show } from '../messages/text.ts';
import { h } from '../ui/dom.ts';
import { onFrame } from '../ui/frame.ts';
import { define, type Host, type Instance } from './kind.ts';

/** Shows the last value, and hands it on. */
class Value implements Instance {
  last: Message | undefined;

  constructor(private readonly host: Host) {}

  receive(message: Message): void {
    this.last = message;
    this.host.changed();
    this.host.emit(message);
  }
}

export const value = define<Value>({
  name: 'value',
  about: 'shows the last value',
  words: 'display print watch number',
  inlet: true,
  outlet: true,
  defaults: {},
  fields: [],
  label: () => '',
  create: (host) => new Value(host),
  view: (instance, host) => {
    const shown = h('output', { class: 'value' });
    const draw = onFrame(() => {
      const { last } = instance;
      shown.textContent = last === undefined ? 'nothing yet' : show(last) || '""';
      shown.classList.toggle('empty', last === undefined);
    });
    draw();
    host.onChange(draw);
    return shown;
  },
});
