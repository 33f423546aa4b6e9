import { isBang, type Message } from '../messages/message.ts';
import { parseTyped, show } from '../messages/text.ts';
import { longestSetting } from '../patch/model.ts';
import { h } from '../ui/dom.ts';
import { define, type Host, type Instance } from './kind.ts';

/** Text or JSON that one writes and sends. */
class MessageBox implements Instance {
  constructor(private readonly host: Host) {}

  /** A bang sends what is written; anything else is written into the box. */
  receive(message: Message): void {
    if (isBang(message)) return this.send();
    this.host.set('text', show(message, 5_000));
  }

  send(): void {
    const { text, before, mode, clear } = this.host.settings;
    const whole = String(text);
    const isText = mode === 'text' || before !== '';
    this.host.emit(isText ? String(before) + whole : parseTyped(whole));
    if (clear) this.host.set('text', '');
  }
}

export const message = define<MessageBox>({
  name: 'message',
  about: 'text or JSON to send',
  words: 'json string text chat box',
  inlet: true,
  outlet: true,
  defaults: { text: '', mode: 'auto', before: '', clear: false },
  fields: [
    {
      key: 'mode',
      label: 'Sends',
      choices: [
        ['auto', 'JSON where it is JSON, else text'],
        ['text', 'always text'],
      ],
    },
    { key: 'before', label: 'Put before the text, such as <name>' },
    { key: 'clear', label: 'Empty after sending' },
  ],
  label: (settings) => String(settings['before']).trim(),
  create: (host) => new MessageBox(host),
  view: (instance, host) => {
    const area = h('textarea', {
      class: 'entry',
      rows: 2,
      maxlength: longestSetting,
      'aria-label': 'message, Enter sends',
      placeholder: 'text or JSON',
      spellcheck: 'false',
      autocapitalize: 'off',
      oninput: () => host.set('text', area.value),
      onkeydown: (event: KeyboardEvent) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        instance.send();
      },
    });
    const draw = (): void => {
      if (area.value !== host.settings['text']) area.value = String(host.settings['text']);
    };
    draw();
    host.onChange(draw);
    return h(
      'div',
      { class: 'row' },
      area,
      h('button', { class: 'primary', type: 'button', onclick: () => instance.send() }, 'Send'),
    );
  },
});
