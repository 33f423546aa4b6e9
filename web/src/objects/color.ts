import { isBang, type Message } from '../messages/message.ts';
import { shape, told } from '../messages/shapes.ts';
import { h } from '../ui/dom.ts';
import { onFrame } from '../ui/frame.ts';
import { define, speechDefaults, speechFields, speechLabel, speechOf } from './kind.ts';
import type { Host, Instance } from './kind.ts';

type Rgb = [number, number, number];

/** Red, green and blue from 0 to 255: three arguments, three DMX channels, or "#rrggbb". */
class Color implements Instance {
  held = false;

  constructor(private readonly host: Host) {}

  get hex(): string {
    return String(this.host.settings['color']);
  }
  get rgb(): Rgb {
    const bits = Number.parseInt(this.hex.slice(1), 16) || 0;
    return [bits >> 16, (bits >> 8) & 255, bits & 255];
  }

  /** As with a slider, a colour that comes in is shown and not sent on. */
  receive(message: Message): void {
    if (isBang(message)) return this.#send();
    if (this.held) return;
    if (typeof message === 'string' && /^#[0-9a-f]{6}$/i.test(message))
      return this.host.set('color', message.toLowerCase());
    const heard = told(speechOf(this.host.settings), 3, message);
    if (!heard) return;
    const given = 'values' in heard ? heard.values : heard.levels.map((l) => l && l * 255);
    this.#set(this.rgb.map((own, index) => given[index] ?? own) as Rgb);
  }

  play(rgb: Rgb): void {
    this.#set(rgb);
    this.#send();
  }

  playHex(hex: string): void {
    this.host.set('color', hex);
    this.#send();
  }

  #set(rgb: Rgb): void {
    const bytes = rgb.map((one) => Math.round(Math.min(255, Math.max(0, one))));
    this.host.set('color', `#${bytes.map((b) => b.toString(16).padStart(2, '0')).join('')}`);
  }

  #send(): void {
    const { rgb } = this;
    this.host.emit(
      shape(speechOf(this.host.settings), {
        args: rgb,
        levels: rgb.map((one) => one / 255),
        plain: this.hex,
      }),
    );
  }
}

export const color = define<Color>({
  name: 'color',
  about: 'red, green and blue',
  words: 'colour rgb light hue',
  inlet: true,
  outlet: true,
  defaults: { ...speechDefaults, address: '/color', color: '#000000' },
  fields: speechFields,
  label: speechLabel,
  create: (host) => new Color(host),
  view: (instance, host) => {
    const swatch = h('input', {
      type: 'color',
      class: 'swatch',
      'aria-label': 'colour',
      oninput: () => instance.playHex(swatch.value),
    });
    const parts = ['red', 'green', 'blue'].map((name, index) => {
      const range = h('input', {
        type: 'range',
        class: `fader thin ${name}`,
        min: 0,
        max: 255,
        'aria-label': name,
        oninput: () => {
          const rgb = instance.rgb;
          rgb[index] = range.valueAsNumber;
          instance.play(rgb);
        },
        onpointerdown: () => (instance.held = true),
        onpointerup: () => (instance.held = false),
        onpointercancel: () => (instance.held = false),
      });
      return range;
    });
    const draw = (): void => {
      swatch.value = instance.hex;
      instance.rgb.forEach((value, index) => {
        const part = parts[index];
        if (!part) return;
        part.value = String(value);
        part.style.setProperty('--share', String(value / 255));
      });
    };
    draw();
    host.onChange(onFrame(draw));
    return h('div', { class: 'row' }, swatch, h('div', { class: 'column' }, ...parts));
  },
});
