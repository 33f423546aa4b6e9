// Every kind of object, in the order of the palette.
import { button } from './button.ts';
import { color } from './color.ts';
import { keys } from './keys.ts';
import type { Kind } from './kind.ts';
import { list } from './list.ts';
import { message } from './message.ts';
import { netrecv } from './netrecv.ts';
import { netsend } from './netsend.ts';
import { plot } from './plot.ts';
import { slider } from './slider.ts';
import { toggle } from './toggle.ts';
import { value } from './value.ts';
import { xy } from './xy.ts';

export const kinds: ReadonlyMap<string, Kind> = new Map(
  [netsend, netrecv, message, button, toggle, slider, xy, color, keys, value, list, plot].map(
    (kind) => [kind.name, kind],
  ),
);
