import { isBang, type Message } from '../messages/message.ts';
import { float, rounded, shape, told } from '../messages/shapes.ts';
import { showNumber } from '../messages/text.ts';
import { h } from '../ui/dom.ts';
import { onFrame } from '../ui/frame.ts';
import { define, speechDefaults, speechFields, speechLabel, speechOf } from './kind.ts';
import type { Host, Instance } from './kind.ts';

class Slider implements Instance {
  /** Somebody has it in hand: what comes in does not pull it away. */
  held = false;

  constructor(private readonly host: Host) {}

  get min(): number {
    return Number(this.host.settings['min']);
  }
  get max(): number {
    return Number(this.host.settings['max']);
  }
  get value(): number {
    return Number(this.host.settings['value']);
  }

  /**
   * A value that comes in moves the slider and is not sent on: two pages that show one fader to each
   * other would never come to rest. A bang sends the value.
   */
  receive(message: Message): void {
    if (isBang(message)) return this.#send();
    const heard = told(speechOf(this.host.settings), 1, message);
    if (!heard || this.held) return;
    const [value] = 'values' in heard ? heard.values : heard.levels.map((l) => l && this.#at(l));
    if (value !== undefined) this.#set(value);
  }

  play(value: number): void {
    this.#set(value);
    this.#send();
  }

  #at(level: number): number {
    return this.min + level * (this.max - this.min);
  }

  #set(value: number): void {
    const [low, high] = [Math.min(this.min, this.max), Math.max(this.min, this.max)];
    this.host.set('value', rounded(Math.min(high, Math.max(low, value))));
  }

  #send(): void {
    const span = this.max - this.min;
    const level = span === 0 ? 0 : (this.value - this.min) / span;
    this.host.emit(
      shape(speechOf(this.host.settings), {
        args: [this.host.settings['whole'] ? this.value : float(this.value)],
        levels: [level],
        plain: this.value,
      }),
    );
  }
}

export const slider = define<Slider>({
  name: 'slider',
  about: 'a fader',
  words: 'fader number range level volume dimmer',
  inlet: true,
  outlet: true,
  defaults: { ...speechDefaults, address: '/fader/1', min: 0, max: 1, whole: false, value: 0 },
  fields: [
    ...speechFields,
    { key: 'min', label: 'From' },
    { key: 'max', label: 'To' },
    { key: 'whole', label: 'Whole numbers only' },
  ],
  label: speechLabel,
  create: (host) => new Slider(host),
  view: (instance, host) => {
    const range = h('input', {
      type: 'range',
      class: 'fader',
      'aria-label': 'value',
      oninput: () => instance.play(range.valueAsNumber),
      onpointerdown: () => (instance.held = true),
      onpointerup: () => (instance.held = false),
      onpointercancel: () => (instance.held = false),
    });
    const shown = h('output', { class: 'number' });
    const draw = (): void => {
      const { min, max, value } = instance;
      range.min = String(Math.min(min, max));
      range.max = String(Math.max(min, max));
      range.dir = min > max ? 'rtl' : 'ltr'; // from high to low: From is at the left all the same
      range.step = host.settings['whole'] ? '1' : String(Math.abs(max - min) / 1000 || 'any');
      range.value = String(value);
      const share = max === min ? 0 : (value - min) / (max - min);
      range.style.setProperty('--share', String(share));
      shown.textContent = showNumber(value);
    };
    draw();
    host.onChange(onFrame(draw));
    return h('div', { class: 'row' }, range, shown);
  },
});
