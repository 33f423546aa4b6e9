import { bang, type Message } from '../messages/message.ts';
import { shape } from '../messages/shapes.ts';
import { h, holdTouch } from '../ui/dom.ts';
import { onFrame } from '../ui/frame.ts';
import { define, speechDefaults, speechFields, speechLabel, speechOf } from './kind.ts';
import type { Host, Instance } from './kind.ts';

/** OSC and DMX hear 1 while it is held and 0 when it is let go; a plain button sends a bang. */
class Button implements Instance {
  held = false;

  constructor(private readonly host: Host) {}

  receive(_message: Message): void {
    this.press();
    this.release();
  }

  press(): void {
    if (!this.held) this.#set(true);
  }

  release(): void {
    if (this.held) this.#set(false);
  }

  #set(held: boolean): void {
    this.held = held;
    const speech = speechOf(this.host.settings);
    const level = Number(held);
    if (held || speech.as !== 'plain')
      this.host.emit(shape(speech, { args: [level], levels: [level], plain: bang }));
    this.host.changed();
  }
}

export const button = define<Button>({
  name: 'button',
  about: 'a bang, a flash',
  words: 'bang trigger momentary push',
  inlet: true,
  outlet: true,
  defaults: { ...speechDefaults, as: 'plain', address: '/button', text: '' },
  fields: [...speechFields, { key: 'text', label: 'Text on it' }],
  label: speechLabel,
  create: (host) => new Button(host),
  view: (instance, host) => {
    const face = h('button', { type: 'button', class: 'pad-button' });
    holdTouch(face);
    // On the way down, not on click: what is played must sound at once.
    face.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      face.setPointerCapture(event.pointerId);
      instance.press();
    });
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'])
      face.addEventListener(end, () => instance.release());
    const isKey = ({ key }: KeyboardEvent): boolean => key === ' ' || key === 'Enter';
    face.addEventListener('keydown', (event) => {
      if (!isKey(event)) return;
      event.preventDefault();
      if (!event.repeat) instance.press();
    });
    face.addEventListener('keyup', (event) => isKey(event) && instance.release());
    face.addEventListener('blur', () => instance.release());
    // Screen readers and voice control click without a pointer.
    face.addEventListener('click', (event) => {
      if (event.detail === 0) instance.receive(bang);
    });
    const draw = (): void => {
      face.textContent = String(host.settings['text']) || '●';
      face.setAttribute('aria-label', String(host.settings['text']) || 'press');
      face.classList.toggle('held', instance.held);
    };
    draw();
    host.onChange(onFrame(draw));
    return face;
  },
});
