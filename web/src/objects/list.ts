import type { Message } from '../messages/message.ts';
import { show } from '../messages/text.ts';
import { h } from '../ui/dom.ts';
import { onFrame } from '../ui/frame.ts';
import { define, type Host, type Instance } from './kind.ts';

const most = 100; // lines; older ones are dropped

class List implements Instance {
  readonly lines: string[] = [];

  constructor(private readonly host: Host) {}

  receive(message: Message): void {
    this.lines.push(show(message));
    if (this.lines.length > most) this.lines.shift();
    this.host.changed();
    this.host.emit(message);
  }
}

export const list = define<List>({
  name: 'list',
  about: 'shows the last messages',
  words: 'log print history chat',
  inlet: true,
  outlet: true,
  defaults: {},
  fields: [],
  label: () => '',
  create: (host) => new List(host),
  view: (instance, host) => {
    const lines = h('ol', { class: 'lines', tabindex: 0, 'aria-label': 'last messages' });
    const draw = onFrame(() => {
      const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 8;
      lines.replaceChildren(...instance.lines.map((line) => h('li', {}, line)));
      if (instance.lines.length === 0) lines.append(h('li', { class: 'empty' }, 'nothing yet'));
      if (atEnd) lines.scrollTop = lines.scrollHeight;
    });
    draw();
    host.onChange(draw);
    return lines;
  },
});
