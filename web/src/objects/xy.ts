import { isBang, type Message } from '../messages/message.ts';
import { float, rounded, shape, told } from '../messages/shapes.ts';
import { showNumber } from '../messages/text.ts';
import { h, holdTouch } from '../ui/dom.ts';
import { onFrame } from '../ui/frame.ts';
import { define, speechDefaults, speechFields, speechLabel, speechOf } from './kind.ts';
import type { Host, Instance } from './kind.ts';

const unit = (value: number): number => rounded(Math.min(1, Math.max(0, value)));

/** Two numbers from 0 to 1, y upwards. */
class Pad implements Instance {
  held = false;

  constructor(private readonly host: Host) {}

  get x(): number {
    return Number(this.host.settings['px']);
  }
  get y(): number {
    return Number(this.host.settings['py']);
  }

  /** As with a slider, a value that comes in is shown and not sent on. */
  receive(message: Message): void {
    if (isBang(message)) return this.#send();
    const heard = told(speechOf(this.host.settings), 2, message);
    if (!heard || this.held) return;
    const [x, y] = 'values' in heard ? heard.values : heard.levels;
    this.#set(x ?? this.x, y ?? this.y);
  }

  play(x: number, y: number): void {
    this.#set(x, y);
    this.#send();
  }

  #set(x: number, y: number): void {
    this.host.set('px', unit(x));
    this.host.set('py', unit(y));
  }

  #send(): void {
    const both = [this.x, this.y];
    this.host.emit(
      shape(speechOf(this.host.settings), {
        args: both.map(float),
        levels: both,
        plain: [...both],
      }),
    );
  }
}

const steps: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

export const xy = define<Pad>({
  name: 'xy',
  about: 'a pad of two numbers',
  words: 'pad joystick position pan tilt 2d',
  inlet: true,
  outlet: true,
  defaults: { ...speechDefaults, address: '/xy', px: 0.5, py: 0.5 },
  fields: speechFields,
  label: speechLabel,
  create: (host) => new Pad(host),
  view: (instance, host) => {
    const knob = h('span', { class: 'knob' });
    const shown = h('span', { class: 'count' });
    const pad = h('div', {
      class: 'xy',
      tabindex: 0,
      role: 'slider',
      'aria-label': 'x and y, arrow keys move',
      'aria-valuemin': 0,
      'aria-valuemax': 1,
    });
    holdTouch(pad);
    const follow = (event: PointerEvent): void => {
      const box = pad.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width;
      instance.play(x, 1 - (event.clientY - box.top) / box.height);
    };
    pad.addEventListener('pointerdown', (event) => {
      pad.setPointerCapture(event.pointerId);
      instance.held = true;
      follow(event);
    });
    pad.addEventListener('pointermove', (event) => instance.held && follow(event));
    for (const end of ['pointerup', 'pointercancel'])
      pad.addEventListener(end, () => (instance.held = false));
    pad.addEventListener('keydown', (event) => {
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      const size = event.shiftKey ? 0.1 : 0.02;
      instance.play(instance.x + step[0] * size, instance.y + step[1] * size);
    });
    pad.append(knob, shown);
    const draw = (): void => {
      pad.style.setProperty('--x', String(instance.x));
      pad.style.setProperty('--y', String(instance.y));
      const text = `${showNumber(instance.x)}, ${showNumber(instance.y)}`;
      shown.textContent = text;
      pad.setAttribute('aria-valuenow', String(instance.x));
      pad.setAttribute('aria-valuetext', text);
    };
    draw();
    host.onChange(onFrame(draw));
    return pad;
  },
});
