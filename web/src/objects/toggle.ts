import { isBang, type Message } from '../messages/message.ts';
import { shape, told } from '../messages/shapes.ts';
import { h } from '../ui/dom.ts';
import { onFrame } from '../ui/frame.ts';
import { define, speechDefaults, speechFields, speechLabel, speechOf } from './kind.ts';
import type { Host, Instance } from './kind.ts';

class Toggle implements Instance {
  constructor(private readonly host: Host) {}

  /** A bang switches over and is sent on; a value is only shown (see slider.ts). */
  receive(message: Message): void {
    if (isBang(message)) return this.flip();
    const heard = told(speechOf(this.host.settings), 1, message);
    const first = heard && ('levels' in heard ? heard.levels[0] : heard.values[0]);
    if (first !== undefined) this.host.set('on', first > 0);
  }

  flip(): void {
    const on = this.host.settings['on'] !== true;
    this.host.set('on', on);
    const level = Number(on);
    this.host.emit(
      shape(speechOf(this.host.settings), { args: [level], levels: [level], plain: level }),
    );
  }
}

export const toggle = define<Toggle>({
  name: 'toggle',
  about: 'on and off',
  words: 'switch boolean checkbox',
  inlet: true,
  outlet: true,
  defaults: { ...speechDefaults, as: 'plain', address: '/toggle', on: false },
  fields: speechFields,
  label: speechLabel,
  create: (host) => new Toggle(host),
  view: (instance, host) => {
    const face = h('button', {
      type: 'button',
      class: 'switch',
      role: 'switch',
      'aria-label': 'on',
      onclick: () => instance.flip(),
    });
    const draw = (): void => face.setAttribute('aria-checked', String(host.settings['on']));
    draw();
    host.onChange(onFrame(draw));
    return h('div', { class: 'row' }, face);
  },
});
